"""`tidegate ledger fit` and `tidegate rehearse --from-ledger` on a home."""

import asyncio
import json
import time
from pathlib import Path

import msgspec
import pytest
from fresh_store import fresh_store
from reported import SetClock
from scenario_ledger import exchanges_of
from typer.testing import CliRunner, Result

from tidegate.cli.main import tree
from tidegate.rehearsal.scenario_file import read_scenario

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: short}
spec:
  unit: request
  eligible: {tenants: [acme]}
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: full, weight: 100, bake: 2h, promote: auto, holdout: 5}
  gates:
    errors: {max: 20%}
"""
HOURS = 10


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten hours of two requests a minute, up to now."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    asyncio.run(_fill(folder))
    monkeypatch.setenv("TIDEGATE_HOME", str(folder))
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)
    return folder


async def _fill(folder: Path) -> None:
    store = await fresh_store(folder / "tidegate.db", SetClock())
    traffic = read_scenario("traffic: {per_minute: 2, users: 60}\ncontrol: {cost: {mean: 0.5}}")
    made = list(exchanges_of(traffic, HOURS / 24))
    late = time.time() - made[-1].at - 1
    moved = [
        msgspec.structs.replace(each, at=each.at + late, finished_at=each.finished_at + late) for each in made
    ]
    await store.ledger.ingest(moved, [])
    await store.close()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def tidegate(*arguments: object) -> Result:
    return CliRunner().invoke(tree(), list(map(str, arguments)))


def test_the_fitted_scenario_is_a_file_that_rehearse_takes(spec: Path, tmp_path: Path) -> None:
    done = tidegate("ledger", "fit", "--since", "12h")
    assert done.exit_code == 0, done.output
    read = read_scenario(done.stdout)
    assert read.traffic.per_minute == pytest.approx(2, rel=0.1)
    assert read.control.cost.mean == pytest.approx(0.5, rel=0.2)
    kept = tmp_path / "kept.yaml"
    kept.write_text(done.stdout)
    again = tidegate("rehearse", spec, "--scenario", kept, "--workers", 1)
    assert again.exit_code == 0, again.output
    assert "1: 1 completed" in again.stdout


def test_json_has_each_value_with_what_it_rests_on() -> None:
    found = json.loads(tidegate("ledger", "fit", "--tenant", "acme", "--json").stdout)
    assert found["requests"] == found["baseline"] > 1000
    figures = {each["key"]: each for each in found["figures"]}
    assert figures["control.errors"]["fitted"] is True
    assert figures["control.daily_drift"]["fitted"] is False


def test_a_rehearsal_on_the_ledgers_traffic_takes_faults_from_a_scenario(spec: Path) -> None:
    harmless = tidegate("rehearse", spec, "--from-ledger", "--workers", 1, "--json")
    assert json.loads(harmless.stdout)["outcomes"]["completed"] == 1
    assert "tidegate: note: traffic and control are those of" in harmless.stderr
    assert "not told by the ledger: traffic.diurnal, traffic.triggered, control.down," in harmless.stderr
    done = tidegate(
        *("rehearse", spec, "--from-ledger", "--since", "9h", "--scenario", "errors-5pct"),
        *("--workers", 1, "--reps", 2, "--json"),
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["harm"]["errors"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--since", "7d"), 2, "give --from-ledger too"),
        (
            ("--from-ledger", "--scenario", "sticky-users"),
            1,
            "scenario sticky-users says what traffic, control",
        ),
        (("--from-ledger", "--since", "1m"), 1, "a scenario needs 200"),
        (("--from-ledger", "--since", "last week"), 1, "'last week' is no time"),
    ],
)
def test_what_cannot_be_rehearsed_so_is_refused(
    spec: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = tidegate("rehearse", spec, *arguments)
    assert done.exit_code == code
    assert said in " ".join(done.output.replace("│", " ").split())


def test_a_spec_for_others_finds_too_little(spec: Path) -> None:
    spec.write_text(SPEC.replace("acme", "bolt"))
    done = tidegate("rehearse", spec, "--from-ledger")
    assert done.exit_code == 1
    assert "the ledger has 0 baseline requests of tenants bolt from" in done.output
    done = tidegate("ledger", "fit", "--task", "review")
    assert "the ledger has 0 baseline requests of tasks review from" in done.output
