"""Whatever a name has in it, its LaTeX compiles and says the same."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.markup.document import Table
from ablate.reporting.markup.latex import latex_table, latex_text
from tests.helpers.fabricated import LONG

COMMAND = re.compile(r"\\[A-Za-z]+|\\.|\{|\}|\$[^$]*\$")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_nothing_in_a_text_is_a_command_and_all_is_ascii(text: str) -> None:
    found = latex_text(text)
    assert found.isascii()
    assert not re.search(r"[&#%_$\\{}^~]", COMMAND.sub("", found).replace("~", "" if "\u00a0" in text else "~"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 5%", r"a\_b \& 5\%"),
        ("lr--decay", "lr-{}-decay"),
        ("Müller", r"M\"{u}ller"),
        ("λ = 10⁻²", r"$\lambda$ = 10U+207B$^{2}$"),
        ("−1.2 ± ∞", r"$-$1.2 $\pm$ $\infty$"),
        ("中", "U+4E2D"),
    ],
)
def test_letters_are_set_by_what_every_latex_has(text: str, expected: str) -> None:
    assert latex_text(text) == expected


@pytest.mark.parametrize("start", ["[1, 2]", "*"])
def test_a_row_that_begins_like_an_option_is_not_one(start: str) -> None:
    assert f"\n    {{}}{start} & 1 \\\\" in latex_table(
        Table("c", ("arm", "x"), ((start, "1"),), frozenset([1])), "l", ""
    )


def test_a_table_of_odd_names_compiles(tmp_path: Path) -> None:
    engine = shutil.which("pdflatex")
    if engine is None:
        pytest.skip("pdflatex is not installed (texlive-latex-recommended)")
    blocks = ((0x20, 0x250), (0x370, 0x400), (0x2000, 0x2300), (0x4E00, 0x4E10))
    letters = ["".join(map(chr, range(start, start + 16))) for first, end in blocks for start in range(first, end, 16)]
    names = [*LONG, "[x]", "*", "--", "\\end{table}", "中文 ✓ 🙂", *letters]
    content = Table("All & \\everything", ("arm", "x (%)"), tuple((name, "−1") for name in names), frozenset([1]))
    body = latex_table(content, "tab:x", "").replace("\\begin{table}", "").replace("\\end{table}", "", 1)
    body = re.sub(r"\\caption\{(.*)\}", r"\1", body).replace("  \\label{tab:x}\n", "")
    (tmp_path / "t.tex").write_text(
        f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\n{body}\n"
        f"{latex_table(Table('c', ('a', 'b'), (('x', '1'),), frozenset()), 'tab:y', latex_text(LONG[2]))}"
        "\\end{document}\n"
    )
    words = [engine, "-halt-on-error", "-interaction=nonstopmode", "-draftmode", "t.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
