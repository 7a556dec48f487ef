"""A mistake in a study file gives one line with its place, what was given and what is allowed."""

from pathlib import Path

import pytest

from ablate.errors import AblateError
from ablate.studies.loading import load_study
from tests.helpers.study_files import AXES, axes, claiming, named, written

# A file with one mistake, and what its error must contain. `¦` marks the place of the mistake and is not in the file.
BAD: dict[str, tuple[str, ...]] = {
    "unknown key": (axes(more="¦metrc: test/psnr\n"), "'metrc'", "did you mean 'metric'", "margin"),
    "the first of two mistakes": ("¦metrc: 1\n" + axes("seeds: 3", "seeds: three"), "'metrc'", "did you mean 'metric'"),
    "missing key": ("¦" + axes("margin: 0.25\n"), "'margin' is missing"),
    "wrong type of question": (axes("Does it matter?", "¦3"), "question", "string", "given: 3"),
    "wrong type of seeds": (
        axes("3", "¦three"),
        "a number of seeds, a list of integers, or {from: 3, to: 12}",
        "given: 'three'",
    ),
    "unknown key of seeds": (axes("3", "{¦form: 3, to: 12}"), "'form'", "did you mean 'from'", "looks"),
    "seeds without an end": (axes("3", "¦{from: 3}"), "seeds", "`from` and `to`, or `looks`"),
    "wrong type of a look": (axes("3", "{looks: [3, ¦x]}"), "seeds > looks", "integer", "given: 'x'"),
    "looks that go back": (axes("3", "¦{looks: [5, 3]}"), "seeds", "each look must have more seeds"),
    "a budget of a fixed design": (
        axes(more="¦budget: 2h\n"),
        "`budget` needs seeds until decided",
        "given: seeds: 3",
    ),
    "a budget without a unit": (axes("3", "{from: 3, to: 5}", more="budget: ¦2\n"), "30m", "given: 2"),
    "runs of a fixed design": (axes(more="¦runs: 60\n"), "`runs` needs seeds until decided"),
    "fewer runs than a look": (
        axes("3", "{from: 3, to: 5}", more="runs: ¦5\n"),
        "needs 6 runs",
        "given: 5",
        "6 or more",
    ),
    "wrong type of margin": (axes("0.25", "¦'0.25'"), "margin", "number", "given: '0.25'"),
    "wrong type of base": (axes(more="base: ¦x\n"), "base", "given: 'x'"),
    "wrong type of vary": (axes("{model.heads: [2, 4]}", "¦[2]"), "vary", "given: [2]"),
    "wrong type of an axis": (axes("[2, 4]", "¦4"), "vary > model.heads", "given: 4"),
    "wrong type on an axis": (axes("[2, 4]", "[¦'2', 4]"), "model.heads", "integer", "given: '2'"),
    "a boolean on an axis": (axes("[2, 4]", "[4, ¦false]"), "model.heads", "integer", "given: False"),
    "wrong type in an arm": (named("heads: 2", "skip: ¦1"), "model.skip", "'both'", "'none'", "given: 1"),
    "wrong type in the base": (axes(more="base: {model.depth: ¦x}\n"), "model.depth", "integer", "given: 'x'"),
    "wrong type of a seed": (axes("3", "[0, ¦a]"), "seeds", "integer", "given: 'a'"),
    "out of range on an axis": (axes("[2, 4]", "[4, ¦0]"), "model.heads", "greater than or equal to 1", "given: 0"),
    "out of range in the base": (axes(more="base:\n  data.test: ¦1\n"), "greater than or equal to 2", "given: 1"),
    "no seeds": (axes("seeds: 3", "seeds: ¦0"), "from 1 to 1000", "given: 0"),
    "negative seed": (axes("3", "[0, ¦-1]"), "greater than or equal to 0", "given: -1"),
    "seed given twice": (axes("3", "¦[0, 1, 0]"), "given twice", "[0, 1, 0]"),
    "duplicate key": (axes(more="¦seeds: 4\n"), "'seeds' is given twice"),
    "duplicate key deeper": (axes("[2, 4]}", "[2, 4], ¦model.heads: [1]}"), "'model.heads' is given twice"),
    "heads on an axis": (axes("[2, 4]", "[4, ¦3]"), "3 heads do not divide a width of 32", "1, 2, 4, 8, 16, 32"),
    "heads by the width": (axes(more="base: {model.width: ¦30}\n"), "do not divide a width of 30", "1, 2, 3, 5, 6, 10"),
    "heads in an arm": (named("heads: 2", "heads: ¦5"), "5 heads do not divide a width of 32", "given: 5"),
    "patch": (named("heads: 2", "patch_size: ¦3"), "a patch size must be a power of two", "given: 3"),
    "no such axis": (axes("model.heads", "¦model.head"), "'model.head'", "did you mean 'model.heads'", "model.depth"),
    "no such setting in an arm": (named("model.heads", "¦mode.heads"), "'mode.heads'", "did you mean 'model.heads'"),
    "no such setting in the base": (axes(more="base: {¦model: {heads: 2}}\n"), "'model'", "model.heads"),
    "value given twice": (axes("[2, 4]", "[2, 4, ¦2]"), "the value 2 is given twice on the axis model.heads"),
    "empty axis": (axes("[2, 4]", "¦[]"), "vary > model.heads", "at least 1", "given: []"),
    "one arm on an axis": (axes("{model.heads: [2, 4]}", "¦{model.heads: [4]}"), "only one arm", "two or more"),
    "one named arm": (named("  one: {}\n  two: {model.heads: 2}", "  ¦one: {}"), "only one arm", "two or more"),
    "same arm twice": (
        named("two: {model.heads: 2}", "¦two: {model.heads: 4}"),
        "'one' and 'two' have the same settings",
    ),
    "the reference has no value of the axis": (
        axes("heads: 4}", "heads: ¦8}"),
        "the reference has model.heads = 8",
        "allowed: 2, 4",
    ),
    "the reference has an unknown axis": (
        axes("{model.heads: 4}", "{¦model.head: 4}"),
        "'model.head'",
        "allowed: model.heads",
    ),
    "the reference is not an arm": (
        named("reference: one", "reference: ¦ones"),
        "'ones'",
        "did you mean 'one'",
        "one, two",
    ),
    "the reference is a name": (axes("{model.heads: 4}", "¦one"), "a mapping of axes to values", "given: 'one'"),
    "the reference is not a name": (named("reference: one", "reference: ¦{model.heads: 4}"), "one, two"),
    "no reference in a grid": (
        axes("{model.heads: 4}", "¦{}"),
        "needs a value for at least one axis",
        "allowed: model.heads",
    ),
    "unknown metric": (axes(more="metric: ¦test/psrn\n"), "'test/psrn'", "did you mean 'test/psnr'", "last/ssim"),
    "metric of an epoch": (axes(more="metric: ¦train/loss\n"), "'train/loss'", "test/psnr"),
    "negative margin": (axes("0.25", "¦-1"), "margin", "greater than 0", "given: -1"),
    "margin of zero": (axes("0.25", "¦0"), "margin", "greater than 0", "given: 0"),
    "NaN margin": (axes("0.25", "¦.nan"), "margin", "finite number", "given: nan"),
    "endless margin": (axes("0.25", "¦.inf"), "margin", "finite number", "given: inf"),
    "unknown design": (axes(more="design: ¦gird\n"), "'grid' or 'one-at-a-time'", "given: 'gird'"),
    "both arms and vary": (named("arms:", "¦arms:", more="vary: {model.heads: [2, 4]}\n"), "either `arms` or `vary`"),
    "neither arms nor vary": ("¦" + axes("vary: {model.heads: [2, 4]}\n"), "`vary`", "`arms`"),
    "design with arms": (named(more="¦design: grid\n"), "`design` goes with `vary`"),
    "a task judged by the PSNR": (
        axes("model.heads: [2, 4]", "model.channels: [1, 4]", more="metric: ¦test/psnr\n").replace("heads", "channels"),
        "model.channels",
        "allowed: test/gain",
    ),
    "claims are not a list": (axes(more="expect: ¦3\n"), "expect", "list", "given: 3"),
    "a claim is not a mapping": (axes(more="expect: [¦3]\n"), "expect > 0", "a mapping (given: 3)"),
    "a claim without a verdict": (
        claiming("{arm: {model.heads: 2, model.depth: 6}, verdict: worse}", "¦{arm: {}}"),
        "'verdict' is missing",
        "allowed in a claim: arm, than, verdict",
    ),
    "a claim's unknown key": (claiming("verdict", "¦verdct"), "'verdct'", "did you mean 'verdict'"),
    "a claim's unknown verdict": (claiming("worse", "¦wose"), "'better', 'worse' or 'equivalent'", "given: 'wose'"),
    "a claim about a number": (
        claiming("{model.heads: 2, model.depth: 6}", "¦3"),
        "settings that only one arm has",
        "given: 3",
    ),
    "a claim about two arms": (
        claiming("{model.heads: 2, model.depth: 6}", "¦{model.heads: 2}"),
        "exactly one arm, not 2",
        "'heads=2, depth=6', 'heads=2, depth=12'",
    ),
    "a claim about all arms": (claiming("{model.heads: 2, model.depth: 6}", "¦{}"), "exactly one arm, not 4"),
    "a claim about no arm": (
        named(more="expect: [{arm: ¦{model.heads: 2, model.depth: 12, model.skip: none}, verdict: worse}]\n").replace(
            "two: {model.heads: 2}", "two: {model.heads: 2}\n  three: {model.skip: none}"
        ),
        "exactly one arm, not none",
        "'three'",
    ),
    "a claim about no value": (
        claiming("model.depth: 6}, v", "model.depth: ¦5}, v"),
        "no arm of this study has model.depth = 5",
        "allowed: 6, 12",
    ),
    "a claim about a boolean": (
        claiming("model.heads: 2, m", "model.heads: ¦true, m"),
        "model.heads = True",
        "allowed: 2, 4",
    ),
    "a claim about an unknown setting": (
        claiming("{model.heads: 2, m", "{¦model.head: 2, m"),
        "'model.head'",
        "did you mean 'model.heads'",
    ),
    "a claim about an unknown arm": (
        named(more="expect: [{arm: ¦tow, verdict: worse}]\n"),
        "unknown arm 'tow'",
        "did you mean 'two'",
    ),
    "a claim about a name with axes": (
        claiming("{model.heads: 2, model.depth: 6}", "¦heads=2"),
        "by its settings",
        "given: 'heads=2'",
    ),
    "a claim about a reference": (
        claiming("{model.heads: 2, m", "¦{model.heads: 4, m"),
        "'heads=4, depth=6' is itself a reference",
        "`than`",
    ),
    "a claim against itself": (
        named(more="expect: [{arm: two, than: ¦two, verdict: worse}]\n"),
        "compares 'two' with itself",
    ),
    "two claims about a pair": (
        named(more="expect:\n  - {arm: two, verdict: worse}\n  - ¦{arm: one, than: two, verdict: better}\n"),
        "duplicate claim about 'one' and 'two'",
        "at most one per pair",
    ),
    "a name": (axes(more="¦name: other\n"), "the name of a study is that of its file"),
    "tag": (axes("Does", "¦!x Does"), "a tag (!...) is not allowed"),
    "python tag": (axes("Does it matter?", "¦!!python/object/apply:os.system [ls]"), "a tag"),
    "set tag": (axes("3", "¦!!set {1}"), "a tag"),
    "date": (axes("Does it matter?", "¦2020-01-01"), "dates are not allowed", "2020-01-01"),
    "thousands of digits": (
        axes(more=f"runs: ¦0x{'f' * 4000}\n"),
        "the whole number is too large (given: 16,000 bits)",
    ),
    "alias": (axes(more="base: ¦&b {}\nmetric: *b\n"), "an anchor", "write the value out"),
    "alias of nothing": (axes(more="base: ¦*b\n"), "an alias", "write the value out"),
    "merge key": (axes(more="base:\n  ¦<<: {model.depth: 2}\n"), "a key must be text", "<<"),
    "number as a key": (axes(more="¦3: x\n"), "a key must be text", "3"),
    "a boolean as a key": (axes(more="¦true: x\n"), "a key must be text", "true"),
    "list as a key": (axes(more="? ¦[a]\n: x\n"), "a key must be text"),
    "empty key": (axes(more="¦: x\n"), "a key must be text"),
    "deep nesting": (axes(more="base: {model.depth: " + 18 * "[" + "¦" + 5 * "[" + 23 * "]" + "}\n"), "20 levels"),
    "bottomless nesting": ("a: " + 19 * "[" + "¦" + 900 * "[", "20 levels"),
    "empty file": ("¦", "the file is empty", "mapping"),
    "only a comment": ("¦# nothing here\n", "the file is empty"),
    "only null": ("¦null\n", "a study must be a mapping", "given: None"),
    "only text": ("¦hello\n", "a study must be a mapping", "given: 'hello'"),
    "a list": ("¦- a\n- b\n", "a study must be a mapping", "given: ['a', 'b']"),
    "two documents": (axes(more="¦---\n" + AXES), "not valid YAML", "another document"),
    "not YAML": ("a: b¦: c\n", "not valid YAML"),
    "a tab": ("a:\n¦\tb: 1\n", "not valid YAML"),
    "an open bracket": ("question: [a\n¦", "not valid YAML"),
    "NUL byte": ("¦\x00\x01\x02", "not valid YAML"),
}


def error_of(path: str | Path) -> str:
    with pytest.raises(AblateError) as caught:
        load_study(path)
    return str(caught.value)


@pytest.mark.parametrize("case", BAD)
def test_an_error_has_the_place_what_was_given_and_what_is_allowed(case: str, tmp_path: Path) -> None:
    text, *words = BAD[case]
    path, place = written(tmp_path, text)
    message = error_of(path)
    assert message.startswith(f"{place}: ")
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("case", BAD)
def test_a_message_is_one_short_line(case: str, tmp_path: Path) -> None:
    path, place = written(tmp_path, BAD[case][0])
    message = error_of(path).removeprefix(place)
    assert message.isprintable()
    assert len(message) < 700


# rare mistakes, of which only the place and the form of the message are checked
RARE = {
    "a tag that yaml knows": axes("seeds: 3", "seeds: ¦!!int '3'"),
    "a tag on nothing": axes("0.25", "¦!!float ''"),
    "a tag on a wrong word": axes("0.25", "¦!!bool maybe"),
    "half a character in the metric": axes(more='metric: ¦"\\ud800"\n'),
    "half a character in a setting": axes(more='base: {¦"\\ud800": 1}\n'),
    "half a character in a key": axes(more='¦"\\ud800": 1\n'),
    "a line break in a key": axes(more='¦"a\\nb": 1\n'),
    "an arm's name": named("two", "¦'a|b'"),
    "a control character": axes("Does it", "Does ¦\x07 it"),
    "a key that is too long": axes(more="? ¦" + 3000 * "k" + "\n: 1\n"),
}


@pytest.mark.parametrize("case", RARE)
def test_a_rare_mistake_gives_one_printable_line_with_its_place(case: str, tmp_path: Path) -> None:
    path, place = written(tmp_path, RARE[case])
    message = error_of(path)
    assert message.startswith(f"{place}: ")
    assert message.removeprefix(place).isprintable()
    assert "pattern" not in message
    assert len(message.removeprefix(place)) < 400


# files that cannot be read: these errors have no line


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert error_of(tmp_path / "none.yaml").startswith(f"{tmp_path / 'none.yaml'}: cannot be read: no such file")


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    assert error_of(tmp_path).startswith(f"{tmp_path}: cannot be read: is a directory")


@pytest.mark.parametrize("name", ["a b.yaml", "-x.yaml", "é.yaml", "a\nb.yaml", "a" * 101 + ".yaml"])
def test_a_file_name_that_cannot_name_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(AXES)
    assert "file can only have letters, digits" in error_of(tmp_path / name)


def test_an_impossible_file_name_is_an_error() -> None:
    assert "cannot be read" in error_of("a\x00b.yaml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "question: é".encode("utf-16"), b"question: \xe9"])
def test_bytes_that_are_not_text_are_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    assert error_of(path).startswith(f"{path}")
    assert "is not UTF-8" in error_of(path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("# " + "x" * 1_000_000)
    assert "the file is too large: 1,000,002 bytes" in error_of(path)
