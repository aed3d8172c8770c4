"""What another scanner reports, in SARIF 2.1.0 (a standard of OASIS), as findings with its name."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from tidegate.registry.scan.found import Found, excerpt
from tidegate.registry.scan.severity import Severity

MOST_FINDINGS = 100
"""That are shown of one report, the worst first; the rest are counted."""

VERSION = "2.1.0"

_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM}
"""SARIF has no level above an error; all others are notes."""

_WORDS = {
    **{each.value: each for each in Severity},
    "moderate": Severity.MEDIUM,
    "info": Severity.LOW,
    "informational": Severity.LOW,
}
_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
"""From which CVSS-like score on; as code hosts read `security-severity`."""

_NO_FINDING = ("pass", "notApplicable")
_ODD = re.compile(r"[^\w.:-]+")


class _Text(msgspec.Struct, frozen=True):
    text: str = ""


class _Properties(msgspec.Struct, frozen=True):
    severity: object = None
    score: object = msgspec.field(default=None, name="security-severity")


class _Configuration(msgspec.Struct, frozen=True):
    level: str = ""


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    short_description: _Text = _Text()
    default_configuration: _Configuration = _Configuration()
    properties: _Properties = _Properties()


class _Driver(msgspec.Struct, frozen=True):
    name: str
    rules: list[_Rule] = []


class _Tool(msgspec.Struct, frozen=True):
    driver: _Driver


class _Artifact(msgspec.Struct, frozen=True):
    uri: str = ""


class _Region(msgspec.Struct, frozen=True, rename="camel"):
    start_line: int = 0
    snippet: _Text = _Text()


class _Physical(msgspec.Struct, frozen=True, rename="camel"):
    artifact_location: _Artifact = _Artifact()
    region: _Region = _Region()


class _Location(msgspec.Struct, frozen=True, rename="camel"):
    physical_location: _Physical = _Physical()


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    message: _Text = _Text()
    rule_id: str = ""
    rule_index: int = -1
    kind: str = "fail"
    level: str = ""
    locations: list[_Location] = []
    properties: _Properties = _Properties()


class _Invocation(msgspec.Struct, frozen=True, rename="camel"):
    execution_successful: bool = True


class _Run(msgspec.Struct, frozen=True):
    tool: _Tool
    results: list[_Result] | None = None
    invocations: list[_Invocation] = []


class _Report(msgspec.Struct, frozen=True):
    version: str
    runs: list[_Run]


def read_sarif(report: bytes, folder: str = "") -> tuple[Found, ...]:
    """Its findings, the worst first, each with the name of the tool; `folder` is where the package lay.

    Raises ValueError for what is no report, or is one of a scan that did not come to its end.
    """
    try:
        read = msgspec.json.decode(report, type=_Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise ValueError(f"is no SARIF: {wrong}") from wrong
    if read.version != VERSION or not read.runs:
        raise ValueError(f"is no SARIF {VERSION} with a run in it")
    if any(not each.execution_successful for run in read.runs for each in run.invocations):
        raise ValueError("says that the scan did not come to its end")
    if any(run.results is None for run in read.runs):
        raise ValueError("has a run without results, so the scan did not come to its end")
    found = [each for run in read.runs for each in _of_run(run, folder)]
    found.sort(key=lambda each: (-each.severity.rank, each.path, each.line, each.rule))
    more = len(found) - MOST_FINDINGS
    return tuple(found) if more <= 0 else (*found[:MOST_FINDINGS], _rest(found[0].source, more))


def _of_run(run: _Run, folder: str) -> Iterator[Found]:
    source = _name(run.tool.driver.name) or "unnamed"
    rules = run.tool.driver.rules
    by_id = {rule.id: rule for rule in rules}
    for result in run.results or ():
        if result.kind in _NO_FINDING:
            continue
        indexed = rules[result.rule_index] if 0 <= result.rule_index < len(rules) else _Rule()
        rule = by_id.get(result.rule_id, indexed)
        place = result.locations[0].physical_location if result.locations else _Physical()
        title = rule.short_description.text or result.message.text
        seen = place.region.snippet.text or result.message.text
        yield Found(
            rule=f"{source}/{_name(result.rule_id or rule.id) or 'unnamed'}",
            severity=_severity(result, rule),
            path=_path(place.artifact_location.uri, folder),
            line=max(0, place.region.start_line),
            title=excerpt(title) or "without a word",
            excerpt="" if seen == title else excerpt(seen),
            tags=(),
            source=source,
        )


def _severity(result: _Result, rule: _Rule) -> Severity:
    """By the tool's own word where it has one, by a score, else by the level."""
    for properties in (result.properties, rule.properties):
        word = _WORDS.get(str(properties.severity).lower())
        if word is not None:
            return word
        if properties.score is not None:
            return _by_score(str(properties.score))
    level = result.level or rule.default_configuration.level or "warning"
    return _LEVELS.get(level, Severity.LOW)


def _by_score(score: str) -> Severity:
    try:
        number = float(score)
    except ValueError:
        return Severity.LOW
    return next((severity for least, severity in _SCORES if number >= least), Severity.LOW)


def _path(uri: str, folder: str) -> str:
    """Below the package, where the tool names it from the root of the machine."""
    path = unquote(uri).removeprefix("file://")
    path = path.removeprefix(f"{folder}/") if folder else path
    return excerpt(path.removeprefix("./")) or "(package)"


def _name(name: str) -> str:
    """Of a tool or a rule, as it can stand in a line."""
    return _ODD.sub("-", name)[:60].strip("-")


def _rest(source: str, more: int) -> Found:
    return Found(
        rule=f"{source}/more",
        severity=Severity.LOW,
        path="(package)",
        line=0,
        title=f"{more} further findings, none of them worse, are not shown",
        excerpt="",
        tags=(),
        source=source,
    )
