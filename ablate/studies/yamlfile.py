"""Read YAML as plain data, with the position of each key and value in the file.

Only two parts of ruamel.yaml are used: the composer of nodes (YAML 1.2: `no` is text, `1e-3` is a number) and the
constructor of scalars. Tags and aliases are refused, so a file cannot construct objects, or grow when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.tokens import AliasToken, AnchorToken, DirectiveToken, TagToken, Token

from ablate.errors import AblateError, Place, Steps, StudyError, quote

MAX_BYTES = 1_000_000
MAX_NESTING = 20
MAX_BITS = 64
REFUSED: dict[type[Token], str] = {
    TagToken: "a tag (!...) is not allowed",
    AnchorToken: "an anchor (&...) is not allowed; write the value out where it is needed",
    AliasToken: "an alias (*...) is not allowed; write the value out",
    DirectiveToken: "a directive (%...) is not allowed",
}
"""What no study needs, and what could make a document construct objects or grow."""


@dataclass
class Document:
    """The data of a YAML file, with the position of each key and each value."""

    file: str
    data: Any = None
    keys: dict[Steps, Place] = field(default_factory=dict)
    values: dict[Steps, Place] = field(default_factory=dict)

    def place(self, path: Steps, *, of_key: bool = False) -> Place:
        """Find the position of `path`, or of the longest beginning of it that is in the file."""
        places = self.keys if of_key else self.values
        while path not in places and path:
            path = path[:-1]
        return places.get(path, Place(self.file, 1, 1))


def read_yaml(path: Path) -> Document:
    """Read one YAML document.

    Raises:
        AblateError: the file cannot be read, or is not one plain YAML document.
    """
    document = Document(str(path))
    text = _read_text(path)
    try:
        _refuse_tokens(text, document.file)
        yaml = YAML(typ="safe", pure=True)
        root = yaml.compose(text)
        if root is None:
            raise AblateError(f"{path}:1:1: the file is empty; it must be a YAML mapping (see experiments/)")
        document.data = _Walk(document, yaml.constructor).convert(root, ())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise AblateError(f"{where}: not valid YAML: {error.problem or error.context}") from None
    except ReaderError as error:
        before = text[: error.position].split("\n")
        where = f"{path}:{len(before)}:{len(before[-1]) + 1}"
        raise AblateError(f"{where}: not valid YAML: the character {text[error.position]!a}") from None
    except (YAMLError, ValueError) as error:
        raise AblateError(f"{path}:1:1: not valid YAML: {str(error).splitlines()[0][:200]}") from None
    return document


def _refuse_tokens(text: str, file: str) -> None:
    """Refuse tags, anchors, aliases, directives and deep nesting, before any node is composed."""
    depth = 0
    for token in YAML(typ="safe", pure=True).scan(text):
        place = Place(file, token.start_mark.line + 1, token.start_mark.column + 1)
        if type(token) in REFUSED:
            raise StudyError((), REFUSED[type(token)], place)
        name = type(token).__name__
        depth += name.endswith(("SequenceStartToken", "MappingStartToken"))
        depth -= name.endswith("EndToken") and not name.startswith(("Stream", "Document"))
        if depth > MAX_NESTING:
            raise StudyError((), f"nested deeper than {MAX_NESTING} levels", place)


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AblateError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError as error:  # the file name has a NUL
        raise AblateError(f"{quote(str(path))}: cannot be read: {error}") from None
    if len(raw) > MAX_BYTES:
        raise AblateError(f"{path}: the file is too large: {len(raw):,} bytes; allowed: {MAX_BYTES:,}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AblateError(f"{path}: not valid YAML: byte {error.start} is not UTF-8") from None


class _Walk:
    """Converts nodes to data and saves their positions in the document."""

    def __init__(self, document: Document, constructor: Any) -> None:
        self.document, self.constructor = document, constructor

    def convert(self, node: Node, path: Steps) -> Any:
        place = self.document.values[path] = _place(self.document.file, node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.convert(item, (*path, index)) for index, item in enumerate(node.value)]
        if str(node.tag).endswith(":timestamp"):
            raise StudyError(path, f"dates are not allowed (given: {node.value}); put quotes around text", place)
        return self._scalar(node, path, place)

    def _scalar(self, node: Node, path: Steps, place: Place) -> Any:
        value = self.constructor.construct_object(node)
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            fact = f"half of a surrogate pair is not a character (given: {quote(value)})"
            raise StudyError(path, f"{fact}; allowed: Unicode characters", place)
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            given = f"(given: {value.bit_length():,} bits)"
            raise StudyError(path, f"the whole number is too large {given}; allowed: {MAX_BITS} bits", place)
        return value

    def _mapping(self, node: MappingNode, path: Steps) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(self.document.file, key_node)
            if not isinstance(key_node, ScalarNode) or not str(key_node.tag).endswith(":str"):
                given = f" (given: {quote(key_node.value)})" if isinstance(key_node, ScalarNode) else ""
                raise StudyError(path, f"a key must be text{given}", place)
            key = self._scalar(key_node, path, place)
            if key in mapping:
                raise StudyError((*path, key), f"the key {quote(key)} is given twice in one mapping", place)
            self.document.keys[(*path, key)] = place
            mapping[key] = self.convert(value_node, (*path, key))
        return mapping


def _place(file: str, node: Node) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
