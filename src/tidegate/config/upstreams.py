"""Further providers: `[upstreams.NAME]` tables with the keys of `[upstream]`, and the models they claim."""

import re
from collections.abc import Mapping, MutableMapping
from typing import cast

from tidegate.config.document import Document
from tidegate.config.settings import Entry, NamedUpstream, entries_of

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_RESERVED = "default"
_SHAPE: type = NamedUpstream


def read_upstreams(
    document: Document, sources: MutableMapping[str, str], problems: list[str]
) -> dict[str, NamedUpstream]:
    """Each named upstream; where its values come from goes to `sources`, what is wrong to `problems`."""
    found: dict[str, NamedUpstream] = {}
    for name, table in document.section("upstreams").items():
        section = f"upstreams.{name}"
        wrong = _wrong(name, table)
        if wrong:
            problems.append(f"{document.source(section)}: {wrong}")
        else:
            given = cast(Mapping[str, object], table)
            values = _values(section, given, document, sources, problems)
            if not given.get("models"):
                problems.append(f'{document.source(section)}: `{section}` needs `models`, as in ["gpt-*"]')
            found[name] = cast(NamedUpstream, _SHAPE(**values))
    return found


def _wrong(name: str, table: object) -> str | None:
    if not isinstance(table, dict):
        return f"`upstreams.{name}` must be a table: write [upstreams.{name}]"
    if name == _RESERVED:
        return f"the upstream `{_RESERVED}` is the section [upstream]: write its keys there"
    if not _NAME.fullmatch(name):
        return f"`upstreams.{name}`: a name has lower-case letters, digits and `-`, at most 63"
    return None


def _values(
    section: str,
    given: Mapping[str, object],
    document: Document,
    sources: MutableMapping[str, str],
    problems: list[str],
) -> dict[str, object]:
    shape = entries_of(section, NamedUpstream)
    known = [entry.name for entry in shape]
    problems += [
        f"{document.source(section, name)}: unknown key `{section}.{name}`; allowed: {', '.join(known)}"
        for name in given
        if name not in known
    ]
    return {entry.name: _value(entry, given, document, sources, problems) for entry in shape}


def _value(
    entry: Entry,
    given: Mapping[str, object],
    document: Document,
    sources: MutableMapping[str, str],
    problems: list[str],
) -> object:
    """The value as parsed; its default too where it is wrong, which stops the start anyway."""
    there = entry.name in given
    source = document.source(entry.section, entry.name) if there else "default"
    sources[entry.key] = source
    try:
        return entry.parse(given[entry.name] if there else entry.written)
    except ValueError as wrong:
        found = "" if entry.secret else f"; found {given[entry.name]!r}"
        problems.append(f"{entry.key} ({source}) must be {wrong}{found}")
        return entry.parse(entry.written)
