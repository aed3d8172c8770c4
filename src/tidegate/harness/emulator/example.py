"""A value that conforms to a JSON schema: what a forced tool call or a structured output is filled with."""

from collections.abc import Sequence
from typing import cast

MAX_DEPTH = 8
MAX_VALUES = 1_000
"""Values and references in one example; beyond, objects and arrays stay empty whatever they require."""
MAX_LENGTH = 10_000
"""Characters of a string, whatever its `minLength`."""

_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00Z",
    "email": "person@example.com",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
}

Schema = dict[str, object]


def example(schema: Schema) -> object:
    """The plainest conforming value: required properties only, the first of alternatives, no `pattern`.

    Recursive and huge schemas end at the limits above, and then the value need not conform.
    """
    return _Maker(schema).value(schema, 0)


class _Maker:
    """Makes one example out of the schema `root`, to which references point."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = MAX_VALUES

    def value(self, schema: Schema, depth: int) -> object:
        schema = self._resolved(schema, 0)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("enum", "examples"):
            options = _items(schema.get(key))
            if options:
                return options[0]
        match _kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _string(schema)

    def _resolved(self, schema: Schema, depth: int) -> Schema:
        """The schema with its reference followed, its parts merged and its first alternative taken."""
        self._left -= 1
        schema = self._followed(schema)
        if depth >= MAX_DEPTH or self._left <= 0:
            return schema
        merged = dict(schema)
        for part in [
            *_items(schema.get("allOf")),
            *_items(schema.get("anyOf"))[:1],
            *_items(schema.get("oneOf"))[:1],
        ]:
            merged = _merged(merged, self._resolved(_schema(part), depth + 1))
        return merged

    def _followed(self, schema: Schema) -> Schema:
        """What the schema's reference leads to; the schema itself where it has none."""
        reference = schema.get("$ref")
        seen: set[str] = set()
        while isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            target: object = self._root
            for step in reference.removeprefix("#").strip("/").split("/"):
                target = _schema(target).get(step) if step else target
            schema = _schema(target)
            reference = schema.get("$ref")
        return schema

    def _object(self, schema: Schema, depth: int) -> Schema:
        if depth >= MAX_DEPTH or self._left <= 0:
            return {}
        properties = _schema(schema.get("properties"))
        return {
            name: self.value(_schema(properties.get(name)), depth + 1)
            for name in _items(schema.get("required"))
            if isinstance(name, str)
        }

    def _array(self, schema: Schema, depth: int) -> list[object]:
        if depth >= MAX_DEPTH or self._left <= 0:
            return []
        wanted = schema.get("minItems")
        length = min(wanted if isinstance(wanted, int) else 1, self._left)
        item = _schema(schema.get("items"))
        return [self.value(item, depth + 1) for _ in range(length)]


def _merged(one: Schema, other: Schema) -> Schema:
    both = {**other, **one}
    if "properties" in one and "properties" in other:
        both["properties"] = {**_schema(other["properties"]), **_schema(one["properties"])}
    if "required" in one and "required" in other:
        both["required"] = [*_items(one["required"]), *_items(other["required"])]
    return both


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((option for option in _items(schema.get("type")) if option != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _number(schema: Schema, *, whole: bool) -> float:
    step = _bound(schema, "multipleOf") or (1 if whole else 0)
    low, above = _bound(schema, "minimum"), _bound(schema, "exclusiveMinimum")
    high, below = _bound(schema, "maximum"), _bound(schema, "exclusiveMaximum")
    value = 1.0
    if high is not None or below is not None:
        value = min(
            value,
            high if high is not None else value,
            (below - (step or 0.5)) if below is not None else value,
        )
    if low is not None:
        value = max(value, low)
    if above is not None:
        value = max(value, above + (step or 0.5))
    if step:
        value = -(-value // step) * step
    return int(value) if whole else value


def _bound(schema: Schema, key: str) -> float | None:
    bound = schema.get(key)
    return bound if isinstance(bound, int | float) and not isinstance(bound, bool) else None


def _string(schema: Schema) -> str:
    form = schema.get("format")
    text = _FORMATS.get(form, "example") if isinstance(form, str) else "example"
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int):
        text = text.ljust(min(shortest, MAX_LENGTH), "x")
    return text[:longest] if isinstance(longest, int) else text


def _schema(value: object) -> Schema:
    return cast(Schema, value) if isinstance(value, dict) else {}


def _items(value: object) -> Sequence[object]:
    return cast(list[object], value) if isinstance(value, list) else ()
