"""Samples of the SDK's types, made from their annotations: what a provider may send, and a client may say."""

import datetime
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import TypeAliasType, is_typeddict

DEPTH = 6
_PLAIN: dict[object, object] = {
    str: 'text with ünïcode, "quotes", a \\ and a \u2028 in it',
    int: 7,
    float: 0.25,
    bool: True,
    bytes: "aGVsbG8=",
    object: {"any": ["thing", None, 1.5]},
    Any: {"any": ["thing", None, 1.5]},
    datetime.datetime: "2026-01-01T00:00:00Z",
    datetime.date: "2026-01-01",
    type(None): None,
    None: None,
}


def members(union: object) -> list[Any]:
    """The types of a (possibly annotated) union."""
    union = _bare(union)
    if get_origin(union) in (Union, types.UnionType):
        return [each for arg in get_args(union) for each in members(arg)]
    return [union]


def tag(member: Any) -> str:
    """What tells a member of a tagged union from the others."""
    return str(get_args(_bare(_hints(member)["type"]))[0])


def samples(kind: object, depth: int = 0) -> Iterator[Any]:
    """JSON values of that type: each alternative of each union in it comes up at least once."""
    kind = _bare(kind)
    origin = get_origin(kind)
    if origin is Literal:
        yield from get_args(kind)
    elif origin in (Union, types.UnionType):
        for each in get_args(kind):
            yield from samples(each, depth)
    elif _is_record(kind):
        yield from _records(kind, depth)
    elif origin is not None and issubclass(origin, Mapping):
        yield {"key": next(samples(get_args(kind)[1], depth + 1))}
    elif origin is not None and issubclass(origin, Sequence | Iterable):
        yield list(samples(get_args(kind)[0], depth + 1)) if depth < DEPTH else []
    elif kind in _PLAIN:
        yield _PLAIN[kind]
    else:
        yield "opaque"  # file handles, paths: the wire has a text


def _records(kind: Any, depth: int) -> Iterator[dict[str, Any]]:
    """One record with the first alternative of each field, then one for each further alternative."""
    if depth >= DEPTH:
        yield {}
        return
    fields = {name: list(samples(hint, depth + 1)) for name, hint in _hints(kind).items()}
    first = {name: values[0] for name, values in fields.items() if values}
    yield first
    for name, values in fields.items():
        for value in values[1:]:
            yield {**first, name: value}


def _hints(kind: Any) -> dict[str, Any]:
    if is_typeddict(kind):
        return typing.get_type_hints(kind, include_extras=True)
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _is_record(kind: object) -> bool:
    return is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _bare(kind: object) -> Any:
    while True:
        if isinstance(kind, TypeAliasType):
            kind = kind.__value__
        elif get_origin(kind) in (typing.Annotated, Required, NotRequired):
            kind = get_args(kind)[0]
        else:
            return kind
