"""A value that conforms to a JSON schema: what a forced tool call or a structured output is filled with."""

from collections.abc import Sequence
from typing import cast

MAX_DEPTH = 8

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
    """The plainest conforming value: required properties only, the first of alternatives, no `pattern`."""
    return _value(schema, schema, 0)


def _value(schema: Schema, root: Schema, depth: int) -> object:
    schema = _resolved(schema, root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        options = _items(schema.get(key))
        if options:
            return options[0]
    match _kind(schema):
        case "object":
            return _object(schema, root, depth)
        case "array":
            return _array(schema, root, depth)
        case "integer" | "number" as kind:
            return _number(schema, whole=kind == "integer")
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with its reference followed, its parts merged and its first alternative taken."""
    reference = schema.get("$ref")
    seen: set[str] = set()
    while isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        target: object = root
        for step in reference.removeprefix("#").strip("/").split("/"):
            target = _schema(target).get(step) if step else target
        schema = _schema(target)
        reference = schema.get("$ref")
    merged = dict(schema)
    for part in [
        *_items(schema.get("allOf")),
        *_items(schema.get("anyOf"))[:1],
        *_items(schema.get("oneOf"))[:1],
    ]:
        merged = _merged(merged, _resolved(_schema(part), root))
    return merged


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


def _object(schema: Schema, root: Schema, depth: int) -> Schema:
    if depth >= MAX_DEPTH:
        return {}
    properties = _schema(schema.get("properties"))
    return {
        name: _value(_schema(properties.get(name)), root, depth + 1)
        for name in _items(schema.get("required"))
        if isinstance(name, str)
    }


def _array(schema: Schema, root: Schema, depth: int) -> list[object]:
    if depth >= MAX_DEPTH:
        return []
    length = schema.get("minItems")
    item = _schema(schema.get("items"))
    return [_value(item, root, depth + 1) for _ in range(length if isinstance(length, int) else 1)]


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
        text = text.ljust(shortest, "x")
    return text[:longest] if isinstance(longest, int) else text


def _schema(value: object) -> Schema:
    return cast(Schema, value) if isinstance(value, dict) else {}


def _items(value: object) -> Sequence[object]:
    return cast(list[object], value) if isinstance(value, list) else ()
