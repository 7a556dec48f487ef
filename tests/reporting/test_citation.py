"""How to cite the program is the same in `CITATION.cff` and in the metadata of the package."""

from ruamel.yaml import YAML

from ablate.reporting.citation import bibtex, program
from tests.helpers.committed import ROOT


def test_the_entry_has_the_facts_of_the_citation_file() -> None:
    facts = YAML(typ="safe").load(ROOT / "CITATION.cff")
    (author,) = facts["authors"]
    assert program() == f"{facts['title']} {facts['version']}"
    assert bibtex() == (
        f"@software{{ablate, author = {{{{{author['name']}}}}}, title = {{{{{facts['title']}}}}}, "
        f"version = {{{facts['version']}}}, abstract = {{{facts['abstract']}}}}}"
    )
