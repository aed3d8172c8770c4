"""Reading the configuration: defaults, then `tidegate.toml`, then the environment, then flags."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tidegate.config.chains import read_chains
from tidegate.config.credentials import credential_variables, disputes, read_credentials
from tidegate.config.document import Document
from tidegate.config.packages import without_effect
from tidegate.config.prices import read_prices
from tidegate.config.scan import idle_without_second
from tidegate.config.settings import SECTIONS, Breakers, Entry, Settings, entries
from tidegate.config.upstreams import read_upstreams
from tidegate.domain.cost import Price
from tidegate.domain.errors import InvalidInput

FILE_NAME = "tidegate.toml"
FLAGS = {
    "home": "--home",
    "server.port": "--port",
    "server.host": "--host",
    "server.workers": "--workers",
    "upstream.url": "--upstream",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, and for each key where its value came from: `default`, `FILE:LINE`, a variable or a flag."""

    settings: Settings
    sources: Mapping[str, str]


def default_home(environ: Mapping[str, str]) -> Path:
    """The home where nobody names one: `TIDEGATE_HOME`, else `~/.tidegate`."""
    return Path(environ.get("TIDEGATE_HOME") or Path.home() / ".tidegate")


def load(
    *,
    home: Path | None = None,
    config: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Configuration:
    """The settings for this start; `flags` maps keys such as `server.port` to given values (None: not given).

    The file is `config`, else `TIDEGATE_CONFIG`, else `tidegate.toml` in the home where there is one.
    Raises InvalidInput with every problem on a line of its own.
    """
    environ = os.environ if environ is None else environ
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    place = (home or default_home(environ)).expanduser()
    document = _read_file(place, config or _named(environ))
    problems = _unknown(document, environ)
    values: dict[str, object] = {}
    sources = {"home": _home_source(home, environ)}
    for entry in entries():
        raw, source = _raw(entry, document, environ, given)
        sources[entry.key] = source
        try:
            values[entry.key] = entry.parse(raw)
        except ValueError as wrong:
            problems.append(f"{entry.key} ({source}) must be {wrong}{_found(entry, raw)}")
    prices = read_prices(document, problems)
    sources |= {f"prices.{model}": document.source("prices", model) for model in prices}
    upstreams = read_upstreams(document, sources, problems)
    credentials = read_credentials(document, upstreams, sources, problems)
    chains = read_chains(document, upstreams, problems)
    sources |= {f"fallback.models.{model}": document.source("fallback.models", model) for model in chains}
    _refuse(problems)
    named = {"upstreams": upstreams, "credentials": credentials, "chains": chains}
    settings = replace(_assemble(place, values, prices), **named)
    idle = [*without_effect(settings.packages, sources), *idle_without_second(settings.scan, sources)]
    _refuse([*_hasty(settings.breakers, sources), *disputes(settings, sources), *idle])
    return Configuration(settings, sources)


def _hasty(breakers: Breakers, sources: Mapping[str, str]) -> list[str]:
    """Breakers that could never open: more failures asked for than results are looked at."""
    return [
        f"breakers.{kind}failures ({sources[f'breakers.{kind}failures']}) must be at most its window"
        for kind, failures, window in (
            ("", breakers.failures, breakers.window),
            ("skill_", breakers.skill_failures, breakers.skill_window),
        )
        if failures > window
    ]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InvalidInput("the configuration is wrong:\n  " + "\n  ".join(problems))


def _named(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("TIDEGATE_CONFIG")
    return Path(named) if named else None


def _home_source(home: Path | None, environ: Mapping[str, str]) -> str:
    if home is not None:
        return "flag --home"
    return "environment TIDEGATE_HOME" if environ.get("TIDEGATE_HOME") else "default"


def _read_file(home: Path, config: Path | None) -> Document:
    path = config or home / FILE_NAME
    if config is None and not path.is_file():
        return Document()
    try:
        text = path.read_text(encoding="utf-8")
        return Document(str(path), text, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InvalidInput(f"{path} is not a TOML file: {wrong}; mend it there") from None
    except OSError as wrong:
        raise InvalidInput(f"{path} cannot be read: {wrong.strerror}; name another with --config") from None


def _raw(
    entry: Entry, document: Document, environ: Mapping[str, str], flags: Mapping[str, object]
) -> tuple[object, str]:
    """The value that counts, and where it came from."""
    if entry.key in flags:
        return flags[entry.key], f"flag {FLAGS.get(entry.key, entry.key)}"
    if entry.variable in environ:
        return environ[entry.variable], f"environment {entry.variable}"
    section = document.section(entry.section)
    if entry.name in section:
        return section[entry.name], document.source(entry.section, entry.name)
    return entry.written, "default"


def _found(entry: Entry, raw: object) -> str:
    return "" if entry.secret else f"; found {raw!r}"


def _unknown(document: Document, environ: Mapping[str, str]) -> list[str]:
    """What the file and the environment have that no setting is called."""
    ours = credential_variables(document)
    others = {name: value for name, value in environ.items() if name not in ours}
    return [*_unknown_in_file(document), *_unknown_in_environment(others)]


_TABLES = ("prices", "upstreams", "credentials")
"""Sections whose keys are names of the operator's; each is read by a module of its own."""

_NESTED = {"fallback.models"}
"""The same within a section."""


def _unknown_in_file(document: Document) -> list[str]:
    """Each key the file has and no setting is called, with the nearest name."""
    known = {section: [entry.name for entry in entries() if entry.section == section] for section in SECTIONS}
    problems: list[str] = []
    for section, value in document.top.items():
        if section in _TABLES:
            if not isinstance(value, dict):
                what = f"`{section}` is a section: write [{section}.NAME]"
                problems.append(f"{document.source(section)}: {what}")
        elif section not in known:
            hint = _near(section, [*known, *_TABLES])
            problems.append(f"{document.source(section)}: unknown section or key `{section}`{hint}")
        elif not isinstance(value, dict):
            problems.append(f"{document.source(section)}: `{section}` is a section: write [{section}]")
        else:
            own = known[section]
            problems += [
                f"{document.source(section, name)}: unknown key `{section}.{name}`{_near(name, own)}"
                for name in document.section(section)
                if name not in own and f"{section}.{name}" not in _NESTED
            ]
    return problems


def _unknown_in_environment(environ: Mapping[str, str]) -> list[str]:
    """Variables that begin like a section's but name no setting; other TIDEGATE_ variables are not ours."""
    known = [entry.variable for entry in entries()]
    prefixes = tuple(f"TIDEGATE_{section}_".upper() for section in SECTIONS)
    return [
        f"environment: unknown variable `{name}`{_near(name, known)}"
        for name in sorted(environ)
        if name.startswith(prefixes) and name not in known
    ]


def _near(found: str, allowed: Iterable[str]) -> str:
    allowed = list(allowed)
    near = difflib.get_close_matches(found, allowed, n=1)
    return f"; did you mean `{near[0]}`?" if near else "; allowed: " + ", ".join(allowed)


def _assemble(home: Path, values: Mapping[str, object], prices: Mapping[str, Price]) -> Settings:
    sections = {
        section: shape(**{entry.name: values[entry.key] for entry in entries() if entry.section == section})
        for section, shape in SECTIONS.items()
    }
    return Settings(home=home, prices=prices, **sections)
