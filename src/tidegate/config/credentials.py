"""What opens the upstreams: `[credentials.NAME]` tables, beside `key` and `key_file` of an upstream."""

import re
from collections import defaultdict
from collections.abc import Mapping, MutableMapping
from typing import cast

from tidegate.config.credential import SOURCES, Credential
from tidegate.config.document import Document
from tidegate.config.settings import NamedUpstream, Settings, Upstream
from tidegate.config.tables import table_values

_SHAPE: type = Credential
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DEFAULT = "default"
OF_THE_DEFAULT = "upstream"
"""What the key of the section `[upstream]` is called; that of `[upstreams.NAME]` is `upstreams.NAME`."""


def read_credentials(
    document: Document,
    upstreams: Mapping[str, NamedUpstream],
    sources: MutableMapping[str, str],
    problems: list[str],
) -> dict[str, Credential]:
    """Each named credential; where its values come from goes to `sources`, what is wrong to `problems`."""
    found: dict[str, Credential] = {}
    for name, table in document.section("credentials").items():
        section = f"credentials.{name}"
        wrong = _misnamed(name, table)
        if wrong is None:
            given = cast(Mapping[str, object], table)
            before = len(problems)
            values = table_values(
                section, _SHAPE, given, document=document, sources=sources, problems=problems
            )
            credential = cast(Credential, _SHAPE(**values))
            found[name] = credential
            wrong = _wrong(credential, given, {DEFAULT, *upstreams}) if len(problems) == before else None
        if wrong is not None:
            problems.append(f"{document.source(section)}: `{section}` {wrong}")
    return found


def credential_variables(document: Document) -> set[str]:
    """The environment variables that credentials name: they are known, however they begin."""
    tables = document.section("credentials").values()
    named = (cast(Mapping[str, object], table).get("env") for table in tables if isinstance(table, dict))
    return {name for name in named if isinstance(name, str)}


def all_credentials(settings: Settings) -> dict[str, Credential]:
    """Every credential by its name: the upstreams' own keys, then the named ones."""
    given = {OF_THE_DEFAULT: (DEFAULT, settings.upstream)} | {
        f"upstreams.{name}": (name, upstream) for name, upstream in settings.upstreams.items()
    }
    own = {
        section: Credential(upstream=name, value=upstream.key, file=upstream.key_file)
        for section, (name, upstream) in given.items()
        if upstream.key or upstream.key_file
    }
    return {**own, **settings.credentials}


def disputes(settings: Settings, sources: Mapping[str, str]) -> list[str]:
    """Upstreams with two keys, or two for one tenant: which one counts would be a guess."""
    problems = [
        f"both {section}.key ({sources[f'{section}.key']}) and {section}.key_file "
        f"({sources[f'{section}.key_file']}) are set; keep one of them"
        for section, upstream in _sections(settings).items()
        if upstream.key and upstream.key_file
    ]
    named: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, credential in all_credentials(settings).items():
        named[credential.upstream, credential.tenant].append(name)
    return problems + [
        f"the credentials {' and '.join(f'`{name}`' for name in names)} open the same upstream `{upstream}` "
        f"for {f'the same tenant `{tenant}`' if tenant else 'every tenant without one of its own'}; keep one "
        "of them"
        for (upstream, tenant), names in named.items()
        if len(names) > 1
    ]


def _sections(settings: Settings) -> dict[str, Upstream]:
    return {OF_THE_DEFAULT: settings.upstream} | {
        f"upstreams.{name}": upstream for name, upstream in settings.upstreams.items()
    }


def _misnamed(name: str, table: object) -> str | None:
    if not isinstance(table, dict):
        return f"must be a table: write [credentials.{name}]"
    if not _NAME.fullmatch(name) or name in (OF_THE_DEFAULT, DEFAULT):
        return (
            "needs another name: lower-case letters, digits and `-`, at most 63, and neither "
            f"`{OF_THE_DEFAULT}` nor `{DEFAULT}`"
        )
    return None


def _wrong(credential: Credential, given: Mapping[str, object], upstreams: set[str]) -> str | None:
    if len(credential.sources) != 1:
        there = " and ".join(f"`{name}`" for name in credential.sources) or "none"
        return f"needs exactly one of {', '.join(f'`{name}`' for name in SOURCES)}; it has {there}"
    if credential.upstream not in upstreams:
        return f"opens the upstream {credential.upstream!r}, which is not configured; there are " + ", ".join(
            sorted(upstreams)
        )
    if credential.tenant and not _TENANT.fullmatch(credential.tenant):
        return f"is for the tenant {credential.tenant!r}; a name has letters, digits, `.`, `_` and `-`"
    if credential.env and not _VARIABLE.fullmatch(credential.env):
        return (
            "has in `env` what is no name of an environment variable; write the variable's name there, "
            "not the key"
        )
    timed = [name for name in ("refresh", "timeout") if name in given]
    if timed and not credential.command:
        return f"has `{timed[0]}`, which only a `command` takes; leave it out"
    if credential.command and credential.timeout >= credential.refresh:
        return "has a `timeout` that is not shorter than its `refresh`: it could end before it is read anew"
    return None
