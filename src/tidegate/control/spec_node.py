"""Reading a spec as marked YAML nodes: every problem is collected with its line and key path."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tidegate.control.spec_value import Value
from tidegate.domain.errors import InvalidInput, TooLarge

T = TypeVar("T")
D = TypeVar("D")

LARGEST_BYTES = 65_536
_DEEPEST = 12
_MOST_EVENTS = 10_000
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text, from 1, and its key path."""

    line: int
    column: int
    path: str

    def says(self, message: str) -> str:
        """The message with its place."""
        return f"line {self.line}, column {self.column}: {self.path}: {message}"


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong with one document; `document` is what refusals call it."""

    document: str = "rollout spec"
    found: list[tuple[Place, str]] = field(default_factory=list[tuple[Place, str]])

    def add(self, place: Place, message: str) -> None:
        self.found.append((place, message))

    def refuse(self) -> None:
        """Raises InvalidInput naming every problem, by line, if there is one."""
        ordered = sorted(self.found, key=lambda each: (each[0].line, each[0].column))
        if ordered:
            lines = [place.says(message) for place, message in ordered]
            raise InvalidInput("\n".join([f"the {self.document} is refused:", *lines]))


class Block:
    """A map of the spec: what is asked for is read, what nobody asked for is a problem."""

    def __init__(self, node: Node, path: str, problems: Problems) -> None:
        self.place = place(node, path)
        self._problems = problems
        self._values: dict[str, Node] = {}
        self._keys: dict[str, Place] = {}
        if not isinstance(node, MappingNode):
            problems.add(self.place, f"found {kind(node)}; expected a map of keys and values")
            return
        for key, value in _pairs(node):
            self._keep(key, value, path)

    def _keep(self, key: Node, value: Node, path: str) -> None:
        name = str(key.value) if isinstance(key, ScalarNode) else ""
        at = place(key, f"{path}.{name}" if path else name)
        if not name:
            self._problems.add(at, f"found {kind(key)} as a key; expected a word")
        elif name in self._keys:
            self._problems.add(at, f"is there twice, first in line {self._keys[name].line}; keep one")
        else:
            self._keys[name], self._values[name] = at, value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def where(self, key: str) -> Place:
        """The place of a key, or of the block where it is missing."""
        return self._keys.get(key, Place(self.place.line, self.place.column, self._path(key)))

    def names(self) -> Iterator[str]:
        """The keys there are, in their order."""
        return iter(self._keys)

    def read(self, key: str, value: Value[T], default: D, *, required: bool = False) -> T | D:
        """The key's value, or `default` where it is missing or (with a problem noted) cannot be read."""
        node = self._values.get(key)
        if node is None:
            if required:
                self._problems.add(self.where(key), f"is missing; expected {value.expects}")
            return default
        return _scalar(node, self._path(key), value, default, self._problems)

    def block(self, key: str) -> "Block | None":
        """The map under a key, None where the key is missing."""
        node = self._values.get(key)
        return Block(node, self._path(key), self._problems) if node is not None else None

    def nodes(self, key: str, least: int = 1) -> Sequence[tuple[str, Node]]:
        """The items of a list under a key with their paths; without `least` of them it is a problem."""
        node = self._values.get(key)
        if node is None:
            return ()
        if not isinstance(node, SequenceNode) or len(node.value) < least:
            most = f" of at least {least}" if least else ""
            self._problems.add(self.where(key), f"found {kind(node)}; expected a list{most}")
            return ()
        items: list[Node] = node.value
        return [(f"{self._path(key)}[{n}]", item) for n, item in enumerate(items)]

    def texts(self, key: str, value: Value[str], default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of distinct scalars under a key."""
        if key not in self._values:
            return default
        read = [_scalar(node, path, value, "", self._problems) for path, node in self.nodes(key)]
        if len(set(read)) < len(read):
            self._problems.add(self.where(key), "names something twice; keep one")
        return tuple(read)

    def only(self, *allowed: str) -> None:
        """Refuse every other key."""
        for key, at in self._keys.items():
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                guess = f" (did you mean {near[0]!r}?)" if near else ""
                said = f"is no key of a {self._problems.document}{guess}; allowed: {', '.join(allowed)}"
                self._problems.add(at, said)

    def _path(self, key: str) -> str:
        return f"{self.place.path}.{key}" if self.place.path else key


def compose(text: str, document: str = "rollout spec", begins: str = "`apiVersion: tidegate/v1`") -> Node:
    """The text's one document as nodes; raises InvalidInput or TooLarge, in bounded time."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_BYTES:
        raise TooLarge(f"the {document} is larger than {LARGEST_BYTES:,} bytes; shorten it")
    try:
        _refuse_features(text, document)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise InvalidInput(f"the {document} is no valid YAML: {where}{said}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets chr() fail on "\U00110000"
        raise InvalidInput(f"the {document} is no valid YAML: {error}") from error
    if node is None:
        raise InvalidInput(f"the {document} is empty; it begins with {begins}")
    return node


def place(node: Node, path: str) -> Place:
    """Where a node begins."""
    mark = node.start_mark
    return Place(mark.line + 1, mark.column + 1, path) if mark else Place(1, 1, path)


def kind(node: Node) -> str:
    """What a node is, for people."""
    if isinstance(node, MappingNode):
        return "a map" if node.value else "an empty map"
    if isinstance(node, SequenceNode):
        return "a list" if node.value else "an empty list"
    return "nothing" if node.tag == _NULL else f"{str(node.value)[:80]!r}"


def _scalar(node: Node, path: str, value: Value[T], default: D, problems: Problems) -> T | D:
    if not isinstance(node, ScalarNode) or node.tag == _NULL:
        problems.add(place(node, path), f"found {kind(node)}; expected {value.expects}")
        return default
    text = str(node.value)
    read = value.read(text)
    if read is None:
        problems.add(place(node, path), value.refusal(text[:80]))
        return default
    return read


def _pairs(node: MappingNode) -> list[tuple[Node, Node]]:
    pairs: list[tuple[Node, Node]] = node.value
    return pairs


def _refuse_features(text: str, document: str) -> None:
    """Anchors, aliases, tags, further documents and depth are refused on events, before nodes are built."""
    depth = documents = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        refusal = _refusal(event)
        if documents > 1:
            refusal = f"begins a second document; a {document} is one"
        if depth > _DEEPEST or number > _MOST_EVENTS:
            refusal = f"is nested over {_DEEPEST} deep, or the {document} has over {_MOST_EVENTS:,} values"
        if refusal:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise InvalidInput(f"the {document} is refused:\nline {line}: {refusal}")


def _refusal(event: yaml.Event) -> str | None:
    if isinstance(event, yaml.AliasEvent):
        return f"uses the alias '*{event.anchor}'; write the value out"
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        return f"sets the anchor '&{event.anchor}'; write each value out"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        return f"has the tag {event.tag!r}; remove it"
    return None
