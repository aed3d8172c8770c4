"""Tables that the operator names, `[SECTION.NAME]`, each with the settings of one shape."""

from collections.abc import Mapping, MutableMapping

from tidegate.config.document import Document
from tidegate.config.settings import Entry, entries_of


def table_values(
    section: str,
    shape: type,
    given: Mapping[str, object],
    *,
    document: Document,
    sources: MutableMapping[str, str],
    problems: list[str],
) -> dict[str, object]:
    """The table's values by name, defaults among them; `sources` and `problems` are added to."""
    entries = entries_of(section, shape)
    known = [entry.name for entry in entries]
    problems += [
        f"{document.source(section, name)}: unknown key `{section}.{name}`; allowed: {', '.join(known)}"
        for name in given
        if name not in known
    ]
    return {entry.name: _value(entry, given, document, sources, problems) for entry in entries}


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
