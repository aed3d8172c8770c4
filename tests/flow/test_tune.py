"""A variant is tuned from its ledger, over real sockets: proposed, written, rehearsed, and startable."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
import msgspec
import pytest
import yaml
from stack import Stack, stack

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import Store, open_store
from tidegate.domain.exchange import Arm, Exchange, SkillUse, Vote
from tidegate.ports import LedgerQuery
from tidegate.rehearsal.scenario_file import read_scenario

DAY = 86_400.0
SPEC = """
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: notes}
spec:
  unit: user
  candidate:
    skills: {release-notes: latest}
    timeout: 4s
    cache: {ttl: 1m, when: always}
  stages:
    - {name: all, weight: 100, bake: 1s, promote: auto, holdout: 0}
  gates: {errors: {max: 50%}}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(tmp_path) as it:
        await it.publish("release-notes")
        await it.start_rollout(SPEC)
        yield it


async def ask(it: Stack, topic: int, user: int) -> str:
    """What came of the look-up."""
    body = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 32,
        "messages": [{"role": "user", "content": f"Write release notes for version 1.{topic}."}],
    }
    headers = {
        "x-api-key": it.client_key,
        "anthropic-version": "2023-06-01",
        "tidegate-unit": f"user-{user}",
        "tidegate-skills": "release-notes",
    }
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{it.url}/v1/messages", json=body) as response,
    ):
        assert response.status == 200, await response.text()
        await response.read()
        return response.headers.get("tidegate-cache", "")


async def lived(it: Stack) -> list[Exchange]:
    """Real requests, then the same again and again over the three days before."""
    for topic in range(8):
        assert await ask(it, topic, topic) == "miss"
    assert await ask(it, 0, 0) == "hit"
    await it.until("notes", "completed")
    store = await open_store(f"sqlite:///{it.folder}/home/tidegate.db", clock=SystemClock())
    try:
        while await lags(store):
            await asyncio.sleep(0.02)  # until the gateway serves by what was committed
        await ask(it, 9, 9)
        await it.ledger()
        real = [each async for each in store.ledger.export(LedgerQuery())]
        assert len(real) == 10
        await store.ledger.ingest(copies := list(earlier(real)), [])
        for number, each in enumerate(copies[::10]):
            low = each.skills[0].score < 2
            vote = "down" if low and number % 3 else "up"
            await store.ledger.vote(Vote(request_id=each.id, vote=vote, at=each.at, tenant=each.tenant))
    finally:
        await store.close()
    return real


async def lags(store: Store) -> bool:
    """Whether a process serves by an older revision than the store has."""
    newest = await store.routing.revision()
    return any(process.revision < newest for process in await store.routing.processes())


def earlier(real: list[Exchange]):
    """2,000 of them: with durations, users, and skills that words chose with low and with high scores."""
    draw, until = Random(3), time.time() - 60
    for number in range(2000):
        like = real[draw.randrange(8)]
        at = until - draw.random() * 3 * DAY
        seconds = draw.lognormvariate(0.0, 0.3)
        use = SkillUse("release-notes", 1, "lexical", draw.choice((1.6, 1.8, 2.6, 3.0)))
        yield msgspec.structs.replace(
            like,
            id=f"req_earlier_{number}",
            message_id=None,
            at=at,
            finished_at=at + seconds,
            seconds=seconds,
            first_token_seconds=None,
            unit_hash=f"user-{int(60 * draw.random() ** 2)}",
            stage=None,
            stage_name=None,
            skills=(use,),
        )


async def test_settings_are_proposed_written_rehearsed_and_can_be_started(
    running: Stack, tmp_path: Path
) -> None:
    real = await lived(running)
    first, again = (each for each in real if each.cache_key == real[0].cache_key)
    assert (first.cache, again.cache, len(first.cache_key)) == ("miss", "hit", 16)
    assert len({each.cache_key for each in real}) == 9
    assert [each.arm for each in real[8:]] == [Arm.CANDIDATE, Arm.OUTSIDE]
    written = tmp_path / "tuned.yaml"
    found = await running.operator(
        *("tune", "suggest", "--since", "4d", "--write", str(written), "--reps", "2", "--workers", "1")
    )
    advice = {each["setting"]: each for each in found["advice"]}
    assert (found["rollout"], found["phase"], found["requests"]) == ("notes", "completed", 2010)
    assert advice["select.threshold"]["proposed"] == 1.9
    assert 3600 <= advice["cache.ttl"]["proposed"] <= DAY
    assert 2.0 < advice["timeout"]["proposed"] <= 3.2
    outcomes = found["rehearsal"]["outcomes"]
    assert outcomes["unfinished"] == 2  # a stage of a second has no data at this traffic, and it is told
    spec = yaml.safe_load(written.read_text())
    assert spec["metadata"]["name"].startswith("notes-tuned-20")
    assert spec["spec"]["baseline"]["cache"] == {"ttl": "1m", "when": "always"}
    assert spec["spec"]["candidate"]["skills"] == {"release-notes": 1}
    assert float(spec["spec"]["candidate"]["select"]["threshold"]) == advice["select.threshold"]["proposed"]
    started = await running.operator("rollout", "start", str(written), "--reason", "as proposed", "--dry-run")
    assert started["dry_run"] is True
    fitted = tmp_path / "scenario.yaml"
    await running.operator.save(fitted, "ledger", "fit", "--since", "3d")
    assert read_scenario(fitted.read_text()).traffic.per_minute == pytest.approx(2010 / (3 * 1440), rel=0.1)


async def test_what_is_too_little_is_said_and_nothing_is_written(running: Stack, tmp_path: Path) -> None:
    await ask(running, 1, 1)
    await running.ledger()
    found = await running.operator("tune", "suggest", "--rollout", "notes", "--skill", "release-notes")
    assert {each["setting"]: each["missing"] for each in found["advice"]} == {
        "select.threshold": 40,
        "cache.ttl": 499,
        "timeout": 597,
    }
    assert found["rehearsal"] is None
    with pytest.raises(Exception, match=r"nothing is proposed, so .* was not written"):
        await running.operator("tune", "suggest", "--rollout", "notes", "--write", str(tmp_path / "no.yaml"))
    assert not (tmp_path / "no.yaml").exists()
    with pytest.raises(Exception, match="the candidate of rollout 'notes' has no skill 'drafting'"):
        await running.operator("tune", "suggest", "--rollout", "notes", "--skill", "drafting")
    with pytest.raises(
        Exception, match="no completed rollout that serves 'drafting'; name one with --rollout"
    ):
        await running.operator("tune", "suggest", "--skill", "drafting")


async def test_labelled_prompts_tell_precision_and_recall_of_each_threshold(
    running: Stack, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    wanted = [f"Write the release notes and changelog for version {n} of our app" for n in range(20)]
    others = [f"What is the capital of country number {n}?" for n in range(20)]
    lines = [{"text": text, "skills": ["release-notes"]} for text in wanted]
    lines += [{"text": text, "skills": []} for text in others]
    prompts.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    asked = ("tune", "suggest", "--rollout", "notes", "--labelled")
    found = await running.operator(*asked, str(prompts))
    threshold = next(each for each in found["advice"] if each["setting"] == "select.threshold")
    assert threshold["evidence"].startswith("40 labelled prompts: at 1.5 precision 100.0 %, recall 100.0 %")
    assert "none of 15 thresholds is surely better (0 prompts better, 0 worse)" in threshold["why"]
    prompts.write_text('{"text": "x", "skills": ["drafting"]}')
    with pytest.raises(Exception, match="prompts name 'drafting', which is no skill here"):
        await running.operator(*asked, str(prompts))
