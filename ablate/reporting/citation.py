"""How to cite this program: the facts of `CITATION.cff`, from the metadata of the installed package."""

from __future__ import annotations

from importlib.metadata import metadata

KEY = "ablate"
"""The key of the entry."""


def program() -> str:
    """The program and its version, as a sentence names it: `ablate 0.1.0`."""
    facts = metadata("ablate")
    return f"{facts['Name']} {facts['Version']}"


def bibtex() -> str:
    """The entry for a bibliography, in BibTeX's format; a second pair of braces keeps a name in one piece."""
    facts = metadata("ablate")
    fields = {
        "author": f"{{{facts['Author']}}}",
        "title": f"{{{facts['Name']}}}",
        "version": facts["Version"],
        "abstract": facts["Summary"],
    }
    return f"@software{{{KEY}, {', '.join(f'{name} = {{{value}}}' for name, value in fields.items())}}}"
