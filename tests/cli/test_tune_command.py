"""`tidegate tune suggest` on a home: what people read, and a proposal whose rehearsal completes."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest
from reported import NAME, NOW, make_plan, reported
from typer.testing import CliRunner, Result

from tidegate.cli.main import tree
from tidegate.control.spec_text import write_spec
from tidegate.domain.exchange import Arm, Exchange, Outcome, SkillUse
from tidegate.rehearsal.plan import plan_of

HOUR = 3600.0
PERIOD = ("--since", "20h", "--until", "2025-11-30T12:00:00Z")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    asyncio.run(_fill(folder))
    monkeypatch.setenv("TIDEGATE_HOME", str(folder))
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)
    return folder


async def _fill(folder: Path) -> None:
    """A completed rollout, and twenty hours of what everybody has since: answers that take a second."""
    store = (await reported(folder / "tidegate.db")).store
    draw = Random(2)
    await store.ledger.ingest([_answer(number, draw) for number in range(3000)], [])
    await store.close()


def _answer(number: int, draw: Random) -> Exchange:
    at = NOW - draw.random() * 20 * HOUR
    seconds = draw.lognormvariate(0.0, 0.2)
    return Exchange(
        id=f"req_later_{number}",
        at=at,
        finished_at=at + seconds,
        tenant="acme",
        key_id="key_1",
        unit_hash=f"u{draw.randrange(300)}",
        arm=Arm.OUTSIDE,
        skills=(SkillUse("contract-analysis", 3, "lexical", 2.0),),
        model="claude-haiku-4-5",
        outcome=Outcome.OK,
        skill_outcome=Outcome.OK,
        status=200,
        seconds=seconds,
        asked_bytes=round(draw.lognormvariate(8, 1)),
        cost_usd=draw.lognormvariate(-5, 0.5),
    )


def tidegate(*arguments: object) -> Result:
    return CliRunner().invoke(tree(), list(map(str, arguments)))


def said(done: Result) -> str:
    return " ".join(done.output.replace("│", " ").split())


def test_each_setting_has_its_present_value_evidence_and_effect_or_why_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    done = tidegate("tune", "suggest", *PERIOD)
    assert done.exit_code == 0, done.output
    text = said(done)
    assert f"rollout {NAME}, its candidate (completed), 2025-11-29T16:00:00.000Z to" in text
    assert "select.threshold 1.5 – 0 votes on answers" in text
    assert "no proposal: 40 more votes are needed" in text
    assert "cache.ttl – – no cache no proposal: no answer is kept" in text
    assert "timeout 5s 3s 3,186 good answers with skills, 0 cut at 5s 7 of 3,186 good answers would" in text
    assert "none was cut in the period" in text


def test_a_proposal_is_written_as_a_rollout_and_its_rehearsal_completes(tmp_path: Path) -> None:
    spec = tmp_path / "tuned.yaml"
    done = tidegate("tune", "suggest", *PERIOD, "--write", spec, "--reps", 1, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert f"written to {spec}" in done.output
    assert "verdict: completed in 1 of 1 rehearsals" in done.output
    plan = plan_of(spec.read_text())
    assert plan.name == "contract-skills-tuned-2025-11-30"
    assert plan.baseline.timeout_seconds == 5.0
    assert 1.4 <= plan.candidate.timeout_seconds <= 3.5
    assert msgspec.structs.replace(plan.candidate, timeout_seconds=5.0) == plan.baseline
    assert plan.gates.savings is None
    assert spec.read_text().startswith("# Proposed by `tidegate tune suggest`")
    assert "# The savings gate is left out" in spec.read_text()


def test_of_a_rollout_that_runs_its_own_spec_is_written_for_a_revision(home: Path, tmp_path: Path) -> None:
    asyncio.run(_run_again(home))
    spec = tmp_path / "tuned.yaml"
    period = ("--since", "20h", "--until", "2025-11-28T04:00:00Z", "--rollout", NAME)
    done = tidegate("tune", "suggest", *period, "--write", spec, "--reps", 1, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert f"# Its own spec with that candidate: tidegate rollout revise {NAME} {spec}" in spec.read_text()
    told = msgspec.structs.replace(make_plan(), candidate=plan_of(spec.read_text()).candidate)
    assert plan_of(spec.read_text()) == plan_of(write_spec(told))
    assert told.candidate.timeout_seconds < 5.0


async def _run_again(folder: Path) -> None:
    """In place of the completed one, the same rollout in its first stage, with many answers of a second."""
    (folder / "tidegate.db").unlink()
    past = await reported(folder / "tidegate.db", running=True)
    draw = Random(3)
    at = datetime(2025, 11, 28, 3, tzinfo=UTC).timestamp()
    answers = [
        msgspec.structs.replace(
            _answer(number, draw),
            at=at - number,
            finished_at=at - number + 1,
            rollout=NAME,
            attempt=past.rollout.attempt,
            stage=past.rollout.stage,
            stage_since=past.rollout.stage_since,
            unit_kind="request",
            triggered=True,
            arm=Arm.CANDIDATE,
        )
        for number in range(3000)
    ]
    await past.store.ledger.ingest(answers, [])
    await past.store.close()


def test_nothing_is_written_where_nothing_is_proposed(tmp_path: Path) -> None:
    spec = tmp_path / "tuned.yaml"
    done = tidegate("tune", "suggest", "--since", "1m", "--until", "2025-11-30T12:00:00Z", "--write", spec)
    assert done.exit_code == 1
    assert "nothing is proposed" in said(done)
    assert not spec.exists()


def test_labelled_prompts_need_the_skills_that_they_name(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"text": "review it", "skills": ["contract-analysis"]}\n')
    done = tidegate("tune", "suggest", *PERIOD, "--labelled", prompts)
    assert done.exit_code == 1  # the version that this home's rollout names was never published
    assert "contract-analysis: of the rollout's versions these are no longer listed" in said(done)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--rollout", "other"), "no rollout 'other'"),
        (("--skill", "drafting"), "no completed rollout that serves 'drafting'"),
        (("--since", "soon"), "'soon' is no time"),
    ],
)
def test_what_is_not_there_is_said(arguments: tuple[str, ...], why: str) -> None:
    done = tidegate("tune", "suggest", *arguments)
    assert done.exit_code == 1
    assert why in said(done)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = tidegate("tune", "suggest", *PERIOD, "--write", tmp_path / "no" / "spec.yaml", "--workers", 1)
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory; name another file" in said(done)
