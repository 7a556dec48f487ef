"""Texts that people read are in plain English: they have none of the phrases below, for which each has a better one."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.committed import ROOT

PHRASES = {
    # messages
    r"become of|became of": "the status of, how ... ended",
    r"(?:is|are|was|were|be|been|being|not|yet|nobody|somebody) told": "logged to, sent to, updated, said, reported",
    r"told (?:of|to|again|once|twice|later|by|everything)": "logged to, sent to, called with, reported",
    r"(?:tell|tells|telling) (?:nothing |more |all )?(?:of|MLflow|what|how|when|whether)": "log, say, describe, list",
    r"(?:hear|hears|heard|hearing) (?:of|from)": "receive, get, read",
    # repair
    r"wanting": "missing, needs ...",
    r"mend(?:s|ed|ing)?": "fix, repair",
    r"to see and to": "inspecting and repairing",
    r"(?:is|are) whole": "is intact, is complete",
    r"in vain": "without success, forever",
    # negations
    r"(?!(?:there|which|where)\b)\w+\W? (?:is|are|was|were) no (?!longer\b|more\b|less\b|matter\b|\w+er\b)[a-z]+": (
        "is not a ..., does not ..."
    ),
    r"(?:has|have|had) not (?:its|their|his|the|an?|any|enough|all)\b": "does not have",
    r"and no JSON": "and not JSON, neither ... nor",
    r", and no \w+(?=[.;:)]| \|)": "but not ..., without ...",
    r"(?!(?:there|which|where)\b)\w+ (?:is|are|was|as) (?-i:none)(?=\s*[.,;:)\"'])": (
        "does not exist, is empty, is not one, counts as missing"
    ),
    r"there (?:is|are|was|were) no (?:such|setting|arm|metric|other \w+ than|data)": "unknown ..., is missing",
    # time
    r"not there yet": "missing, pending",
    r"yet to be \w+": "not ... yet, still to be ...",
    r"(?:go|goes|going|gone|went) on(?! (?:a|the|its) (?:disk|line|page)\b)": "continue, resume, proceed",
    r"(?:come|comes|came|coming) to (?:its|their|an) ends?": "end, finish",
    r"just now": "now",
    r"likewise": "also, in the same way",
    r"take turns": "wait for each other",
    # places
    r"stands? (?:in|above|below|beside|there|already|at)": "is (set) in, is above, appears in",
    r"stood (?:in|above|below|beside|there|already|at)": "was (set) in, was above, appeared in",
    r"as of(?= `)": "see ..., as in ..., such as that of ...",
    r"(?:server|MLflow)(?: that)?(?: is| was| were)? away": "down, unreachable",
    # wishes
    r"(?:ask|asks|asked) of": "request",
    r"(?:is|are|was|were|been|longer) asked": "request",
    r"wants? (?:a|an|the|no|any|more)": "need, require",
    r"for the user to": "the user can ...",
    r"to be had": "available",
    r"whoever": "anyone who, if you ...",
    r"dear(?:er|est)?": "expensive",
    r"complain(?:s|ed|ing|t)?": "warn, report",
    r"allowed: it alone": "takes neither ... nor ...",
    # results
    r"(?:give|gives|gave|giving|given) back": "return",
    r"what there is of": "what exists of, the files of",
    r"runs? (?:that )?(?:broke|is broken|was broken|are broken)|broken runs?|what broke": "failed",
    r"so that[^.;:|]{0,200}? so that": "one `so that` in a sentence; prefer `so` or two sentences",
    r"(?:put|puts) down": "save, record, write",
    r"be it \w+": "even if ..., whether ...",
    r"(?:say|says|said) of": "say about",
    r"put aside": "set aside",
    r"(?:know|knows|knew|known) of": "know about, depend on, see",
    r"(?:is|are|was|were) others": "differ, have changed, other ...",
    r"in the midst": "during, while",
    r"whole (?:file|folder|report|page|table|result)s?": "complete, intact",
    r"what is promised, and which": "guarantees and the tests that enforce them",
}
"""Regular expressions -> what to write instead. A blank also matches the end of a line of a comment or a string."""

READ = (
    *("ablate/**/*.py", "ablate/**/*.j2", "tests/**/*.py", "benchmarks/*.py", "benchmarks/*.md", "experiments/*.yaml"),
    *("*.md", "docs/*.md", "docs/*.py", "docs/*.ipynb", "reports/**/*.md", "reports/*.md"),
    *("Makefile", "dvc.yaml", "pyproject.toml", ".ci/run", ".github/**/*.yml", ".pre-commit-config.yaml"),
)
"""What is checked, as paths for git; of the changelog, all but code, which quotes earlier versions."""

BLANK = r'[\s#*"]+'
COMPILED = {
    re.compile(rf"(?<!\w)(?:{phrase.replace(' ', BLANK)})(?!\w)", re.IGNORECASE): suggestion
    for phrase, suggestion in PHRASES.items()
}


def read_files() -> list[str]:
    command = ["git", "ls-files", "--", *(f":(glob){path}" for path in READ)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(set(listed) - {str(Path(__file__).relative_to(ROOT))})


def find_phrases(text: str) -> Iterator[tuple[int, str, str]]:
    """The line, the phrase and the suggestion of each find; names in code are read as words."""
    words = text.replace("_", " ")
    for pattern, suggestion in COMPILED.items():
        for found in pattern.finditer(words):
            yield words.count("\n", 0, found.start()) + 1, re.sub(BLANK, " ", found.group()), suggestion


@pytest.mark.parametrize("path", read_files())
def test_a_file_is_in_plain_english(path: str) -> None:
    text = (ROOT / path).read_text()
    if path == "CHANGELOG.md":
        text = re.sub(r"`[^`]*`", "``", text)
    finds = [f"{path}:{line}: {phrase} -> {suggestion}" for line, phrase, suggestion in sorted(find_phrases(text))]
    if finds:
        pytest.fail("\n".join(finds), pytrace=False)


FAULTS = {
    "Told of each event after it is recorded": "Told of",
    "What became of a run": "became of",
    "def test_what_was_told_is_there(): ...": "was told",
    "The settings that a key\n# is no part of": "key is no part",
    "2,000,000 bytes are no study": "bytes are no study",
    "run X has not its 30 epochs": "has not its",
    "about the default network, and no JSON; allowed: it alone": "and no JSON",
    "Not there yet, so that verdicts wait": "Not there yet",
    "a claim about 'a' and 'b' stands above already": "stands above",
    "Yet to be trained, or to be trained on": "Yet to be trained",
    "its runs are others": "are others",
    "Once this is mended, the same command goes on from there.": "mended",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_phrase_is_found_in_prose_names_and_broken_lines(text: str) -> None:
    assert FAULTS[text] in [phrase for _, phrase, _ in find_phrases(text)]


@pytest.mark.parametrize(
    "text",
    [
        "There is no time left, and a page on which there is no text.",
        "It is no longer requested, and recommended nowhere.",
        "Paths below .ablate/told/ are kept, and `told` is a folder.",
        "an amendment, an endeared category, the whole study",
    ],
)
def test_plain_english_is_not_found(text: str) -> None:
    assert list(find_phrases(text)) == []
