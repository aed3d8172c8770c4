"""Writes the reference pages that come from the code; `--check` only says which are out of date."""

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Union, get_args, get_origin, get_type_hints

import msgspec

from tidegate.config.credential import Credential
from tidegate.config.settings import SECTIONS, Entry, entries, entries_of
from tidegate.domain.metric import LABEL_BOUNDS, Metric
from tidegate.domain.metrics import CATALOGUE
from tidegate.domain.reporting.document import RolloutReport
from tidegate.domain.reporting.week import WeeklyReport
from tidegate.registry.scan.catalogue import RULES
from tidegate.registry.scan.rule import Rule
from tidegate.registry.scan.taxonomy import RISKS

REFERENCE = Path(__file__).parent / "reference"

CONFIGURATION = """\
# Configuration

One file, `tidegate.toml`, in the home (or named by `--config` or `TIDEGATE_CONFIG`); environment variables
go over it, command-line flags over those. The home is `--home`, else `TIDEGATE_HOME`, else `~/.tidegate`.
`tidegate config show --sources` prints every value and where it comes from.

An unknown section, key or `TIDEGATE_…` variable of a section stops the start, with its line and the nearest
name.
Durations carry their unit (`250ms`, `10s`, `5m`, `72h`, `30d`), sizes too (`64KiB`, `32MB`, `1GB`).

```toml
[server]
port = 8080

[upstream]
url = "https://api.anthropic.com"
key_file = "/run/secrets/anthropic-key"

[drain]
delay = "10s"
```
"""

UPSTREAMS = """\
## [upstreams.NAME]

Further providers, each with the keys of `[upstream]` and `models`: globs of the models that go there. The first
that claims a model gets it; what none claims goes to `[upstream]`. They are set in the file alone.

```toml
[upstreams.local]
url = "http://127.0.0.1:8000"
models = ["llama-*", "qwen*"]
```
"""

CREDENTIALS = """\
## [credentials.NAME]

What opens the upstreams, for the gateway and for single tenants; each has exactly one of `file`, `env`, `command` and
`value`. [Keys of upstreams](../howto/upstream-credentials.md) says how they are rotated and what happens when one
fails. `key` and `key_file` of an upstream are the short form of one without a tenant. They are set in the file alone;
the name is the operator's, and stands in logs, metrics and `/readyz`.

```toml
[credentials.acme]
tenant = "acme"
command = ["/usr/bin/vault", "kv", "get", "-field=key", "secret/acme"]
refresh = "30m"
```

| key | default | what it is |
|---|---|---|
"""

PRICES = """\
## [prices."MODEL"]

Prices of your own, before the shipped price list: US dollars per million tokens. `input` and `output` are
needed; `cache_read`, `cache_write_5m` and `cache_write_1h` follow Anthropic's ratios (0.1, 1.25 and 2 times
the input rate) where they are not given. A model in neither list has no price: its exchanges are
unpriced, never free.

```toml
[prices."my-model-1.5"]
input = 3.0
output = 15.0
```
"""

METRICS = """\
# Metrics

`GET /metrics` answers in Prometheus' text format. Base units; no user, prompt or free text in a label. A name
that is not on this page cannot be emitted.

"""


SCAN_RULES = """\
# Rules of the scanner

What `tidegate skill scan` and the gate before publishing look for; [the scanner](../explanation/scanner.md) says how.
A finding has its rule's severity, or a lower one where the text around it only quotes and warns (`quoted`), or where
the rule is less sure. `high` and `critical` block by default (`[scan] block`).

The tags are those of the OWASP Agentic Skills Top 10, 1.0 (2026), owasp.org/www-project-agentic-skills-top-10:
"""


def scan_rules() -> str:
    """Every rule of the scanner, the worst first."""
    risks = "; ".join(f"{tag} {title}" for tag, title in RISKS.items())
    head = "| rule | severity | tags | what it finds | why |\n|---|---|---|---|---|\n"
    by_severity = sorted(RULES, key=lambda rule: (-rule.severity.rank, rule.id))
    return f"{SCAN_RULES}{risks}.\n\n{head}" + "".join(map(_scan_rule, by_severity))


def _scan_rule(rule: Rule) -> str:
    return f"| `{rule.id}` | {rule.severity} | {', '.join(rule.tags)} | {rule.title} | {rule.why} |\n"


def configuration() -> str:
    """Every setting, section by section."""
    sections = [_section(name, shape.__doc__ or "") for name, shape in SECTIONS.items()]
    credentials = CREDENTIALS + "".join(map(_named_setting, entries_of("credentials.NAME", Credential)))
    return "\n".join([CONFIGURATION, *sections, UPSTREAMS, credentials, PRICES])


def _section(name: str, purpose: str) -> str:
    rows = [_setting(entry) for entry in entries() if entry.section == name]
    head = "| key | default | environment | what it is |\n|---|---|---|---|\n"
    return f"## [{name}]\n\n{purpose}\n\n{head}" + "".join(rows)


def _named_setting(entry: Entry) -> str:
    return f"| `{entry.name}` | {_default(entry)} | {entry.help} |\n"


def _setting(entry: Entry) -> str:
    return f"| `{entry.name}` | {_default(entry)} | `{entry.variable}` | {entry.help} |\n"


def _default(entry: Entry) -> str:
    return f"`{entry.written}`" if entry.written else "empty"


def metrics() -> str:
    """Every metric of the catalogue."""
    bounds = ", ".join(f"`{label}` {bound}" for label, bound in LABEL_BOUNDS.items())
    closing = (
        f"\nLabels of names are bounded: {bounds} distinct values a process; further ones are `other`.\n"
    )
    head = "| name | type | labels | what it says |\n|---|---|---|---|\n"
    return METRICS + head + "".join(map(_metric, CATALOGUE)) + closing


def _metric(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    buckets = f" Buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}." if metric.buckets else ""
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help}{buckets} |\n"


REPORTS = """\
# Reports as JSON

What `tidegate report … --format json` prints and `GET /api/reports/…` answers ([how to](../howto/reports.md)). Times are RFC 3339 in UTC,
durations seconds, money US dollars, shares and savings ratios. Null is what is not known, never 0.
"""


def reports() -> str:
    """Every structure of the reports, those first that are not within another."""
    shapes = dict.fromkeys(shape for report in (RolloutReport, WeeklyReport) for shape in _shapes(report))
    return REPORTS + "".join(map(_shape, shapes))


def _shapes(shape: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    yield shape
    for hint in get_type_hints(shape).values():
        for inner in _inner(hint):
            yield from _shapes(inner)


def _inner(hint: object) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in get_args(hint):
        yield from _inner(part)


def _shape(shape: type[msgspec.Struct]) -> str:
    purpose = " ".join((shape.__doc__ or "").split())
    rows = "".join(f"| `{name}` | {_type(hint)} |\n" for name, hint in get_type_hints(shape).items())
    return f"\n## {shape.__name__}\n\n{purpose}\n\n| field | what it holds |\n|---|---|\n{rows}"


def _type(hint: object) -> str:
    """A type as JSON has it."""
    names = {str: "text", int: "whole number", float: "number", type(None): "null"}
    parts = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(map(_type, parts))
    if get_origin(hint) is dict:
        return f"object: {_type(parts[1])} by name"
    if get_origin(hint) is tuple:
        return f"list of {_type(parts[0])}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return names[hint]


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "metrics.md": metrics,
    "reports.md": reports,
    "scan-rules.md": scan_rules,
}


def main() -> int:
    """Write the pages, or with `--check` exit 1 where one is out of date."""
    stale = [name for name, page in PAGES.items() if _read(REFERENCE / name) != page()]
    if "--check" in sys.argv[1:]:
        sys.stderr.write(
            "".join(f"docs/reference/{name} is out of date: run `make docs`\n" for name in stale)
        )
        return 1 if stale else 0
    for name in stale:
        (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
    return 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
