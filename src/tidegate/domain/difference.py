"""What differs between two variants, by the path of each value: for the record, and for people."""

from collections.abc import Iterator
from typing import cast

import msgspec

from tidegate.domain.rollout import Variant


class Change(msgspec.Struct, frozen=True):
    """One value at `path` (`skills.contract-analysis`, `cache.ttl_seconds`); None: it is not there."""

    path: str
    before: str | int | float | bool | None
    after: str | int | float | bool | None


def changes(before: Variant, after: Variant) -> tuple[Change, ...]:
    """Every value that differs, in the order of the paths; a skill's value is `VERSION (DIGEST)`."""
    old, new = dict(_values(before)), dict(_values(after))
    paths = sorted(old.keys() | new.keys())
    return tuple(
        Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
    )


def _values(variant: Variant) -> Iterator[tuple[str, str | int | float | bool | None]]:
    for skill in variant.skills:
        yield f"skills.{skill.name}", f"{skill.version} ({skill.digest})"
    # Of defaults, too: a value that was left out and one that says the same are no difference.
    for name in variant.__struct_fields__:
        if name != "skills":
            yield from _flat(name, msgspec.to_builtins(getattr(variant, name)))


def _flat(path: str, value: object) -> Iterator[tuple[str, str | int | float | bool | None]]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _flat(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        yield path, msgspec.json.encode(value).decode()
    else:
        yield path, cast("str | int | float | bool | None", value)
