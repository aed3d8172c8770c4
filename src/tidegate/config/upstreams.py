"""Further providers: `[upstreams.NAME]` tables with the keys of `[upstream]`, and the models they claim."""

import re
from collections.abc import Mapping, MutableMapping
from typing import cast

from tidegate.config.document import Document
from tidegate.config.settings import NamedUpstream
from tidegate.config.tables import table_values

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
            values = table_values(
                section, _SHAPE, given, document=document, sources=sources, problems=problems
            )
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
