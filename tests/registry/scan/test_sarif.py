"""Reports in SARIF are read as findings with the tool's name, whatever they leave out; others are refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.registry.scan.sarif import MOST_FINDINGS, read_sarif
from tidegate.registry.scan.severity import Severity


def report(*results: dict[str, Any], rules: tuple[dict[str, Any], ...] = (), **run: Any) -> bytes:
    driver = {"name": "other scanner", "rules": list(rules)}
    return json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}
    ).encode()


def at(uri: str, line: int) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}


def test_a_finding_has_its_tools_name_its_place_and_its_words() -> None:
    rule = {"id": "EXFIL", "shortDescription": {"text": "sends the environment"}}
    result = {"ruleId": "EXFIL", "level": "error", "message": {"text": "post(env)"}}
    (found,) = read_sarif(report(result | {"locations": [at("scripts/x.py", 3)]}, rules=(rule,)))
    assert str(found) == "scripts/x.py:3: high other-scanner/EXFIL: sends the environment: post(env)"
    assert (found.source, found.document()["source"]) == ("other-scanner", "other-scanner")


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({"properties": {"severity": "CRITICAL"}, "level": "note"}, Severity.CRITICAL),
        ({"properties": {"severity": "moderate"}}, Severity.MEDIUM),
        ({"properties": {"severity": "INFO"}, "level": "error"}, Severity.LOW),
        ({"properties": {"security-severity": "9.8"}}, Severity.CRITICAL),
        ({"properties": {"security-severity": 7}}, Severity.HIGH),
        ({"properties": {"security-severity": "4.0"}}, Severity.MEDIUM),
        ({"properties": {"security-severity": "high"}}, Severity.LOW),
        ({"properties": {"severity": ["odd"]}, "level": "error"}, Severity.HIGH),
        ({"level": "error"}, Severity.HIGH),
        ({"level": "warning"}, Severity.MEDIUM),
        ({"level": "note"}, Severity.LOW),
        ({}, Severity.MEDIUM),
    ],
)
def test_severity_is_the_tools_word_or_score_else_the_level(said: dict[str, Any], severity: Severity) -> None:
    assert read_sarif(report({"ruleId": "R", **said}))[0].severity is severity


def test_what_a_result_leaves_out_its_rule_says() -> None:
    rule = {"id": "R", "defaultConfiguration": {"level": "error"}, "properties": {"severity": "critical"}}
    (found,) = read_sarif(report({"ruleIndex": 0, "message": {"text": "seen"}}, rules=(rule,)))
    assert (found.rule, found.severity, found.title) == ("other-scanner/R", Severity.CRITICAL, "seen")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///tmp/place/tide%20table/SKILL.md", "SKILL.md"),
        ("/tmp/place/tide table/a/b.md", "a/b.md"),
        ("./a.md", "a.md"),
        ("", "(package)"),
        ("a\u202e\n.md", "a<U+202E> .md"),
    ],
)
def test_places_are_told_below_the_package_and_safe_to_print(uri: str, path: str) -> None:
    result = {"ruleId": "R", "locations": [at(uri, -4)]}
    (found,) = read_sarif(report(result), "/tmp/place/tide table")
    assert (found.path, found.line) == (path, 0)


def test_names_cannot_break_a_line_or_pose_as_an_own_rule() -> None:
    (found,) = read_sarif(report({"ruleId": "no-second-opinion\n: x", "message": {"text": "m\x1b[2J"}}))
    assert found.rule == "other-scanner/no-second-opinion-:-x"
    assert "\x1b" not in str(found)


def test_what_passed_is_no_finding() -> None:
    passed = ({"ruleId": "R", "kind": kind} for kind in ("pass", "notApplicable"))
    assert read_sarif(report(*passed)) == ()


def test_of_many_findings_the_worst_are_shown_and_the_rest_counted() -> None:
    many = [{"ruleId": f"R{n}", "level": "note"} for n in range(MOST_FINDINGS + 4)]
    found = read_sarif(report(*many, {"ruleId": "BAD", "level": "error"}))
    assert len(found) == MOST_FINDINGS + 1
    assert found[0].rule == "other-scanner/BAD"
    assert found[-1].title.startswith("5 further findings")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"all is well",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b"null",
        b'{"version": "2.1.0", "runs": []}',
        b'{"version": "1.0.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}',
        b'{"version": "2.1.0", "runs": [{"results": []}]}',
        b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": 3}}, "results": []}]}',
        b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}',
        report(invocations=[{"executionSuccessful": False}]),
    ],
)
def test_what_is_no_report_of_a_whole_scan_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(is no SARIF|has a run|says that)"):
        read_sarif(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_any_json_in_the_place_of_a_result_is_findings_or_a_refusal(value: Any) -> None:
    with_it = json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [value]}]}
    )
    try:
        found = read_sarif(with_it.encode())
    except ValueError:
        return
    assert all("\n" not in str(each) for each in found)
