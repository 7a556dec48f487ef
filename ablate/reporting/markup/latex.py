r"""Tables and text as LaTeX that compiles with pdfLaTeX, XeLaTeX and LuaLaTeX, and needs only the package booktabs.

All is ASCII. Accents become commands, since not every font encoding has the letters; a character that LaTeX cannot set
without further packages is named by its number, as U+4E2D.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from markupsafe import Markup

from ablate.reporting.markup.document import Code, Link, Span, Strong, Table
from ablate.reporting.markup.rendering import templates

SPECIAL = (
    {letter: f"\\{letter}" for letter in "{}$&#_%"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "|": r"\textbar{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", '"': r"\symbol{34}", "`": r"\textasciigrave{}"}
)
"""ASCII with a meaning of its own in LaTeX."""

JOINING = "-',"
"""Letters of which two make another one, such as a dash."""

SYMBOLS = (
    {"−": r"$-$", "×": r"$\times$", "÷": r"$\div$", "±": r"$\pm$", "·": r"$\cdot$", "∞": r"$\infty$"}
    | {"≤": r"$\leq$", "≥": r"$\geq$", "≠": r"$\neq$", "≈": r"$\approx$", "→": r"$\rightarrow$", "°": r"$^{\circ}$"}
    | {"–": "--", "—": "---", "…": r"\ldots{}", "‘": "`", "’": "'", "“": "``", "”": "''", "«": r"$\ll$", "»": r"$\gg$"}
    | {"ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ø": r"{\o}", "Ø": r"{\O}"}
    | {"ł": r"{\l}", "Ł": r"{\L}", "ı": r"{\i}", "µ": r"$\mu$", "§": r"\S{}", "©": r"\copyright{}", "\u00a0": "~"}
)
"""Other characters that reports or names of arms have."""

ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0331",
        "`'^~=u.\"rHvdcb",
        strict=True,
    )
)
"""Combining characters, and the commands that set them above or below a letter."""

GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
)
"""The Greek letters that have a command; the others look like Latin ones."""


def latex_text(text: str) -> str:
    r"""Text in which nothing is a command, on one line.

    >>> print(latex_text("a_b & 50% of café: −1 [x]"))
    a\_b \& 50\% of caf\'{e}: $-$1 [x]
    """
    line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    apart = ("{}" if letter == after and letter in JOINING else "" for letter, after in pairwise(f"{line} "))
    return "".join(_letter(letter) + gap for letter, gap in zip(line, apart, strict=True))


def _letter(letter: str) -> str:
    if letter in SPECIAL or letter in SYMBOLS:
        return SPECIAL.get(letter) or SYMBOLS[letter]
    if letter.isascii() and letter.isprintable():
        return letter
    return _greek(letter) or _accented(letter) or f"U+{ord(letter):04X}"


def _greek(letter: str) -> str:
    """A Greek letter as mathematics; empty for any other letter."""
    kind, _, name = unicodedata.name(letter, "").replace("LAMDA", "LAMBDA").partition(" LETTER ")
    command = {"GREEK SMALL": name.lower(), "GREEK CAPITAL": name.capitalize()}.get(kind, "")
    return f"$\\{command}$" if command in GREEK else ""


def _accented(letter: str) -> str:
    """A letter with one accent, or a raised or lowered digit; empty for any other letter."""
    kind, *codes = unicodedata.decomposition(letter).split() or [""]
    if kind in ("<super>", "<sub>") and len(codes) == 1 and (base := chr(int(codes[0], 16))).isalnum():
        return f"${'^' if kind == '<super>' else '_'}{{{base}}}$" if base.isascii() else ""
    parts = [chr(int(code, 16)) for code in (kind, *codes) if re.fullmatch("[0-9A-F]{4,6}", code)]
    if len(parts) != 2 or parts[1] not in ACCENTS or not (parts[0].isascii() and parts[0].isalpha()):
        return ""
    base = f"\\{parts[0]}" if parts[0] in "ij" and parts[1] not in "\u0323\u0327\u0331" else parts[0]
    return f"\\{ACCENTS[parts[1]]}{{{base}}}"


def latex_span(span: Span | Markup) -> str:
    """A piece of text in LaTeX; what is marked as `Markup` is LaTeX already."""
    match span:
        case Markup():
            return str(span)
        case Strong(text):
            return rf"\textbf{{{latex_text(text)}}}"
        case Code(text):
            return rf"\texttt{{{latex_text(text)}}}"
        case Link(text, _):
            return latex_text(text)
        case str():
            return latex_text(span)


def _first_cell(text: str) -> str:
    """The first cell of a row: in front of some letters it needs `{}`, without which they would be options of LaTeX."""
    return f"{{}}{text}" if text.startswith(("[", "*")) else text


def latex_table(content: Table, label: str, notes: str) -> str:
    """A table in the style of booktabs, in an environment `table`; the notes follow its caption."""
    environment = templates(escaped=False)
    environment.filters |= {"span": latex_span, "text": latex_text, "first": _first_cell}
    columns = "".join("r" if index in content.numbers else "l" for index in range(len(content.head)))
    return environment.get_template("table.tex.j2").render(table=content, columns=columns, label=label, notes=notes)
