"""Both templates show any arm's name as it is, when they are read by parsers that we did not write."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ablate.reporting.markup.document import (
    Code,
    Column,
    Document,
    Items,
    Link,
    Picture,
    Section,
    Strong,
    paragraph,
    table,
)
from ablate.reporting.markup.rendering import html, html_span, markdown, markdown_span, markdown_text

TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=40)
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " " if tag in ("th", "td") else ""

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1][0] not in ("title", "style"):
            self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def inline(markup: str) -> Reader:
    return read(READER.renderInline(markup))


@given(TEXTS)
def test_text_is_not_markup_in_markdown(text: str) -> None:
    found = inline(markdown_text(text))
    assert (found.text, found.tags) == (text, [])


@given(TEXTS)
def test_text_is_not_markup_in_html(text: str) -> None:
    found = read(str(html_span(text)))
    assert (found.text, found.tags) == (text, [])


@given(TEXTS)
def test_code_is_copied_as_it_is(text: str) -> None:
    assert read(str(html_span(Code(text)))).text == text
    if "|" not in text:  # not allowed in an arm's name, and unescaped only inside a table
        found = inline(markdown_span(Code(text)))
        assert (found.text, found.tags) == (text, [("code", {})])


def test_a_dollar_does_not_begin_a_formula() -> None:
    assert markdown_text("$x$") == r"\$x\$"


@pytest.mark.parametrize("span", [Strong("a*b"), Link("a[b]", "https://example.org/a?b=c"), Code("a`b")])
def test_a_span_is_the_same_in_both(span: Strong | Link | Code) -> None:
    in_markdown, in_html = inline(markdown_span(span)), read(str(html_span(span)))
    assert (in_markdown.text, in_markdown.tags) == (in_html.text, in_html.tags)


NAME = "<b>a | b</b> *c* `d` _e_ &amp; $f$"


@pytest.fixture
def document() -> Document:
    numbers = table(
        "A table", [Column("name", str, number=False), Column("length", lambda name: str(len(str(name))))], [NAME, "b"]
    )
    blocks = (paragraph("Some ", Strong("text"), "."), Items((("first",), ("second",))), numbers)
    picture = Picture("dots", f"Dots of {NAME}", "Dots.")
    return Document("a", NAME, "Yes.", ("Careful.",), (Section("One", (*blocks, picture)), Section("Empty", ())))


def test_both_templates_show_the_same_text(document: Document) -> None:
    from_markdown, from_html = read(READER.render(markdown(document))), read(html(document, {"dots": "<svg></svg>"}))
    assert from_markdown.text.replace("A table:", "A table").split() == from_html.text.split()


def test_headings_of_empty_sections_are_left_out(document: Document) -> None:
    assert "Empty" not in markdown(document)
    assert "Empty" not in html(document, {"dots": ""})


def test_a_markdown_table_has_its_cells_and_their_alignment(document: Document) -> None:
    found = read(READER.render(markdown(document)))
    cells = [tag for tag, _ in found.tags if tag in ("th", "td")]
    assert cells == ["th"] * 2 + ["td"] * 4
    assert {attributes.get("style") for tag, attributes in found.tags if tag == "td"} == {None, "text-align:right"}


def alignments(page: Reader) -> list[bool]:
    """Whether each cell of a body is right-aligned, as either template says it."""
    cells = [facts for tag, facts in page.tags if tag == "td" or facts.get("scope") == "row"]
    return ["right" in str(facts.get("style")) or facts.get("class") == "number" for facts in cells]


@pytest.mark.parametrize(
    ("cells", "right"),
    [(["8", "16"], True), (["8", "cosine"], False), (["true", "false"], False), (["−0.5", "–", "∞"], True)],
)
def test_a_column_is_right_aligned_if_it_holds_only_numbers(cells: list[str], right: bool) -> None:
    columns = [Column[str]("trial", lambda cell: "1"), Column[str]("value", str), Column[str]("id", Code)]
    page = Document("a", "b", "c", (), (Section("One", (table("A table", columns, cells),)),))
    expected = [True, right, False] * len(cells)
    assert alignments(read(READER.render(markdown(page)))) == expected
    assert alignments(read(html(page, {}))) == expected


def test_an_html_table_has_header_cells_with_their_scope(document: Document) -> None:
    tags = read(html(document, {"dots": ""})).tags
    scopes = [attributes.get("scope") for tag, attributes in tags if tag == "th"]
    assert scopes == ["col", "col", "row", "row"]
    assert [tag for tag, _ in tags].count("caption") == 1


def test_a_picture_says_what_it_shows(document: Document) -> None:
    (image,) = (attributes for tag, attributes in read(READER.render(markdown(document))).tags if tag == "img")
    (figure,) = (
        attributes for tag, attributes in read(html(document, {"dots": ""})).tags if "img" in attributes.values()
    )
    assert image["alt"] == figure["aria-label"] == f"Dots of {NAME}"


def test_the_page_needs_no_other_file_and_no_network(document: Document) -> None:
    tags = read(html(document, {"dots": "<svg></svg>"})).tags
    assert not any({"src", "srcset"} & set(attributes) for _, attributes in tags)
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "iframe"})
    (policy,) = (a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'")


def test_pictures_that_were_not_drawn_are_left_out(document: Document) -> None:
    assert "dots.svg" in markdown(document)
    assert "dots.svg" not in markdown(document.without_pictures([]))
