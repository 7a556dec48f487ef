"""Documents as Markdown and as HTML: the two templates, and how each of them escapes and marks up text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ablate.reporting.markup.document import Code, Document, Link, Span, Strong


def markdown(document: Document) -> str:
    """The page as Markdown for a code host; its figures are files of their own."""
    return _render("page.md.j2", markdown_span, escaped=False, document=document)


def html(document: Document, figures: Mapping[str, str]) -> str:
    """The page as one self-contained HTML file, with its figures (SVG by name) inside."""
    return _render("page.html.j2", html_span, escaped=True, document=document, figures=figures)


def templates(*, escaped: bool) -> Environment:
    """The environment that loads the templates; a misspelt name in a template is an error."""
    return Environment(
        loader=PackageLoader("ablate.reporting.markup"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=escaped,
    )


def _render(template: str, span: Callable[[Span], str], *, escaped: bool, **values: object) -> str:
    environment, glue = templates(escaped=escaped), Markup("") if escaped else ""
    environment.filters |= {"span": span, "line": lambda line: glue.join(map(span, line)), "text": markdown_text}
    return environment.get_template(template).render(**values)


def markdown_text(text: str) -> str:
    """Text escaped so that nothing in it is markup on a code host, where text between dollars would be a formula."""
    return re.sub(r"([\\`*_\[\]<>|~$&])", r"\\\1", re.sub(r"\s+", " ", text))


def markdown_span(span: Span) -> str:
    """A piece of text in Markdown; inside a table even code must escape `|`."""
    match span:
        case Strong(text):
            return f"**{markdown_text(text)}**"
        case Code(text):
            # longer than any row of backticks in the text, so that none of them ends the code
            fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", text)), default=0))
            pad = " " if "`" in text else ""
            return f"{fence}{pad}{text}{pad}{fence}".replace("|", r"\|")
        case Link(text, url):
            return f"[{markdown_text(text)}]({url})"
        case str():
            return markdown_text(span)


def html_span(span: Span) -> Markup:
    """A piece of text in HTML."""
    match span:
        case Strong(text):
            return Markup("<strong>{}</strong>").format(text)
        case Code(text):
            return Markup("<code>{}</code>").format(text)
        case Link(text, url):
            return Markup('<a href="{}">{}</a>').format(url, text)
        case str():
            return escape(span)
