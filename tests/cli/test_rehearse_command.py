"""`tidegate rehearse`: a plan is tried before anybody has it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tidegate.cli.main import tree

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: short}
spec:
  unit: request
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: full, weight: 100, bake: 5m, promote: auto, holdout: 5}
  gates:
    errors: {max: 2%}
"""
BROKEN = "faults: [{arm: candidate, at: 1m, errors: 100%}]"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def rehearse(*arguments: object) -> Result:
    return CliRunner().invoke(tree(), ["rehearse", *map(str, arguments), "--workers", "1"])


def test_one_rehearsal_shows_what_would_have_been_decided_when(spec: Path) -> None:
    done = rehearse(spec)
    assert done.exit_code == 0, done.stderr
    assert "complete → completed (full, 100 %)" in done.stdout
    assert "0d 00:05:00" in done.stdout
    assert "1: 1 completed" in done.stdout
    assert "in the middle" not in done.stdout
    assert "(95 %)" not in done.stdout
    assert "mean" not in done.stdout


def test_json_is_one_document_with_the_gates_that_acted(spec: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "broken.yaml"
    scenario.write_text(BROKEN)
    done = rehearse(spec, "--scenario", scenario, "--reps", 2, "--seed", 5, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == [
        "reps",
        "outcomes",
        "rollback",
        "false_rollback",
        "savings",
        "harm",
        "warnings",
        "start",
    ]
    assert found["outcomes"]["rolled-back"] == found["rollback"]["by"]["errors"] == found["reps"] == 2
    assert found["rollback"]["candidate_requests"]["p95"] < 400  # of 95 % of 1,000 a minute


def test_what_the_traffic_cannot_show_is_said(tmp_path: Path) -> None:
    canary = "  stages:\n    - {name: canary, weight: 5, bake: 1h, promote: auto}\n"
    (tmp_path / "spec.yaml").write_text(SPEC.replace("  stages:\n", canary))
    arguments = [tmp_path / "spec.yaml", "--scenario", "low-traffic"]
    warnings = json.loads(rehearse(*arguments, "--json").stdout)["warnings"]
    assert warnings[0].startswith("at 40 requests/min the 5 % canary cannot see a doubling of errors")
    assert f"warning: {warnings[0]}\n" in rehearse(*arguments).stdout


def test_a_schedule_bites_by_when_the_rollout_starts(tmp_path: Path) -> None:
    """A Friday evening's stage goes on by itself on Monday; a Tuesday morning's at once."""
    spec, kept = tmp_path / "spec.yaml", tmp_path / "kept.jsonl"
    spec.write_text(SPEC + "  schedule: {hours: ['Mon-Fri 09:00-17:00'], timezone: UTC}\n")
    friday = rehearse(spec, "--start", "2026-11-27T20:00:00Z", "--resume", kept)
    assert friday.exit_code == 0, friday.stderr
    assert "it opens on Mon 2026-11-30 09:00" in friday.stdout
    again = rehearse(spec, "--resume", kept, "--json")
    assert json.loads(again.stdout)["start"] == "2026-11-27T20:00:00.000Z"
    tuesday = rehearse(spec, "--start", "2026-12-01T10:00:00Z")
    assert "it opens on" not in tuesday.stdout
    assert "complete → completed" in tuesday.stdout


def test_traffic_of_the_same_kind_is_put_to_other_rules(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    arguments = [spec, "--scenario", tmp_path / "broken.yaml", "--against", "flagger,argo"]
    found = json.loads(rehearse(*arguments, "--json").stdout)["against"]
    assert {name: each["outcomes"]["completed"] for name, each in found.items()} == {"flagger": 1, "argo": 1}
    shown = rehearse(*arguments).stdout
    assert "Traffic of the same kind" in shown
    assert "flagger  │ 0 of 1" in shown
    assert rehearse(spec, "--against", "spinnaker").exit_code == 2


def test_a_trace_gives_the_arrivals(spec: Path, tmp_path: Path) -> None:
    rows = [f"2023-11-16 18:00:{second:02}.0000000,100,10" for second in range(60)]
    (tmp_path / "trace.csv").write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows, ""]))
    (tmp_path / "s.yaml").write_text("traffic: {trace: trace.csv, per_minute: 60}")
    for arguments in (["--scenario", tmp_path / "s.yaml"], ["--trace", tmp_path / "trace.csv"]):
        done = rehearse(spec, *arguments)
        assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "errors-3x"], "no scenario of that name: aa, errors-2x"),
        (["--trace", "absent.csv"], "the trace absent.csv cannot be read"),
    ],
)
def test_what_is_not_there_is_refused(spec: Path, arguments: list[str], said: str) -> None:
    done = rehearse(spec, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr


def test_a_spec_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in rehearse(tmp_path / "absent.yaml").stderr
    (tmp_path / "bad.yaml").write_text("kind: Rollout")
    assert "the rollout spec is refused" in rehearse(tmp_path / "bad.yaml").stderr
    assert rehearse(tmp_path / "bad.yaml", "--approve", "maybe").exit_code == 2
    assert "'soon' is no time" in rehearse(tmp_path / "bad.yaml", "--start", "soon").stderr
