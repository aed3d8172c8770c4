"""A strict parser for the frontmatter of SKILL.md (agentskills.io): a map of strings, one of them nested.

YAML offers far more than that. What two readers may understand differently is refused: anchors, tags,
duplicate keys, and every value that YAML reads as a number, a truth value or a date.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tidegate.registry.document import SKILL_MD, forbidden_character
from tidegate.registry.finding import Finding
from tidegate.registry.strict_yaml import compose_strictly, place, wrong

KEYS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
"""All keys of the specification."""

_TAGS = "tag:yaml.org,2002:"
_STRING = f"{_TAGS}str"
_TAKEN_FOR = {
    "int": "a number to YAML",
    "float": "a number to YAML",
    "bool": "true or false to YAML",
    "timestamp": "a date to YAML",
    "merge": "a merge to YAML",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A string of the frontmatter and where it begins in the file, from 1; `style` is YAML's, `|` literal."""

    value: str
    line: int
    column: int
    style: str | None = None

    def wrong(self, message: str) -> Finding:
        """A finding at this place."""
        return Finding(path=SKILL_MD, line=self.line, column=self.column, message=message)

    def wrong_in(self, offset: int, message: str) -> Finding:
        """A finding in a line of the value; a literal block keeps its lines apart, other styles fold them."""
        if self.style != "|":
            return self.wrong(message)
        return Finding(path=SKILL_MD, line=self.line + 1 + offset, message=message)


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The strings that could be read, `metadata` apart; `present` also names keys of unusable values."""

    fields: dict[str, Text] = field(default_factory=dict[str, Text])
    metadata: dict[str, Text] = field(default_factory=dict[str, Text])
    present: set[str] = field(default_factory=set[str])


def parse_frontmatter(source: str, findings: list[Finding]) -> Frontmatter | None:
    """Read the text between the fences, adding what is wrong to `findings`; None where it is no map."""
    root = compose_strictly(source, findings)
    if root is None:
        return None
    if not isinstance(root, MappingNode):
        findings.append(wrong(root, f"frontmatter is {_kind(root)}; write 'key: value' lines"))
        return None
    found = Frontmatter()
    for at, node in _pairs(root, "", findings):
        key = str(at.value)
        found.present.add(key)
        if key == "metadata":
            _read_metadata(node, found, findings)
        elif key in KEYS:
            _keep(key, node, found.fields, findings)
        else:
            message = f"key {_short(key)} is none of the specification's; put your own under metadata"
            findings.append(wrong(at, f"{message}; {unlike(key, KEYS)}"))
    return found


def unlike(word: str, allowed: Iterable[str]) -> str:
    """`did you mean 'x'?` where one allowed word is close, and the list of them all."""
    options = list(allowed)
    near = difflib.get_close_matches(word[:80], options, n=1)
    return f"{f'did you mean {near[0]!r}? ' if near else ''}allowed: {', '.join(options)}"


def _pairs(mapping: MappingNode, within: str, findings: list[Finding]) -> Iterable[tuple[Node, Node]]:
    """Key and value of each entry whose key is a string not seen before; the others become findings."""
    entries: list[tuple[Node, Node]] = mapping.value
    first: dict[str, int] = {}
    for key, node in entries:
        if not isinstance(key, ScalarNode) or key.tag != _STRING:
            findings.append(wrong(key, f"{within}key is {_kind(key)}; {_advice(key)}"))
            continue
        name = str(key.value)
        if name in first:
            message = f"{within}key {_short(name)} is there twice, first in line {first[name]}; keep one"
            findings.append(wrong(key, message))
            continue
        first[name], _ = place(key)
        yield key, node


def _read_metadata(node: Node, found: Frontmatter, findings: list[Finding]) -> None:
    if not isinstance(node, MappingNode):
        message = f"metadata is {_kind(node)}; write 'key: value' lines, indented below 'metadata:'"
        findings.append(wrong(node, message))
        return
    for key, value in _pairs(node, "metadata ", findings):
        _keep(str(key.value), value, found.metadata, findings, within="metadata ")


def _keep(key: str, node: Node, into: dict[str, Text], findings: list[Finding], *, within: str = "") -> None:
    """Take the value in where it is a clean string."""
    if not isinstance(node, ScalarNode) or node.tag != _STRING:
        findings.append(wrong(node, f"{within}{key[:80]} is {_kind(node)}; {_advice(node)}"))
        return
    value = str(node.value)
    forbidden = forbidden_character(key + value)  # an escape can make what the file itself does not hold
    if forbidden:
        findings.append(wrong(node, f"{within}{_short(key)} {forbidden[1]}"))
        return
    line, column = place(node)
    into[key] = Text(value, line, column, node.style)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _kind(node: Node) -> str:
    """What YAML took the node for, in words."""
    if isinstance(node, MappingNode):
        return "a map"
    if isinstance(node, SequenceNode):
        return "a list"
    kind = node.tag.removeprefix(_TAGS)
    if kind == "str":
        return "plain text"
    if not node.value:
        return "empty"
    return f"{_short(str(node.value))}, {_TAKEN_FOR.get(kind, 'not a string to YAML')}"


def _advice(node: Node) -> str:
    if isinstance(node, SequenceNode):
        return "a string is needed: write the words on one line, separated by spaces"
    if isinstance(node, ScalarNode) and node.value:
        return f'a string is needed: quote it, "{str(node.value)[:60]}"'
    return "a string is needed"
