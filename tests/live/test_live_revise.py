"""A rollout is revised under load: once the command returns nobody is served the old candidate any more."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from clients import Users
from stack import stack

QUICK = "seed = 5\n[timing]\nfirst_token_seconds = 0.05\nfirst_token_sigma = 0.3\n"
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: live}
spec:
  unit: request
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: half, weight: 50, bake: 1h, promote: manual}
    - {name: full, weight: 100, bake: 1h, promote: manual, holdout: 5}
  gates:
    errors: {worse: rollback}
"""
BOTH = "Review this contract and list its risky clauses; then summarise the incident of last night."


@pytest.mark.paced("demonstration")
async def test_after_a_revision_only_the_new_candidate_is_served_and_judged(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    revised = tmp_path / "revised.yaml"
    revised.write_text(SPEC.replace("contract-analysis", "incident-summary"), encoding="utf-8")
    async with stack(tmp_path, profile=QUICK) as it:
        await it.publish("contract-analysis", "incident-summary")
        await it.start_rollout(SPEC)
        async with Users(it.url, it.client_key, rate=60, users=0, text=BOTH).sending() as users:
            await asyncio.sleep(1.5)  # users of the old candidate
            tried = await it.operator("rollout", "revise", "live", str(revised), "--reason", "r", "--dry-run")
            before = (await it.emulator_counts())["skills"]
            told = await it.operator("rollout", "revise", "live", str(revised), "--reason", "the other one")
            await asyncio.sleep(0.5)  # what was on its way with the old candidate is answered
            await it.reset_emulator_counts()
            await asyncio.sleep(1.5)  # users of the new one
            after = (await it.emulator_counts())["skills"]
        status = await it.status("live")
        replayed = await it.operator("rollout", "replay", "live")
    assert set(before) == {"contract-analysis"}
    assert set(after) == {"incident-summary"}
    assert all(seen.whole for seen in users.seen)
    for said in (tried, told):
        paths = [change["path"] for change in said["changes"]]
        assert paths == ["skills.contract-analysis", "skills.incident-summary"]
    assert (status["attempt"], status["revisions"], status["state"]) == (2, 1, "progressing")
    judged = status["arms"]["candidate"]["requests"] + status["arms"]["control"]["requests"]
    assert 0 < judged < len(users.seen)
    assert replayed["decisions"] == replayed["same"] > 0
    figure(
        f"{len(users.seen)} requests, of which {judged} judge the revision; before {before}, after {after}"
    )
