"""`kill -9` under load: what a client received in full is in the ledger, once; the rollout goes on."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from clients import Users
from stack import stack

KILLS = 10
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: crashing}
spec:
  unit: user
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: half, weight: 50, bake: 1h, promote: manual}
    - {name: full, weight: 100, bake: 1h, promote: manual, holdout: 5}
  gates:
    errors: {worse: rollback}
    trip: {errors: 50%, over: 20}
"""


@pytest.mark.paced("kills")
@pytest.mark.timeout(240)
async def test_ten_kills_in_mid_load_lose_nothing(tmp_path: Path, figure: Callable[[str], None]) -> None:
    whole: list[str] = []
    async with stack(tmp_path, profile="seed = 9\n[timing]\nfirst_token_seconds = 0.02\n") as it:
        await it.publish("contract-analysis")
        await it.start_rollout(SPEC)
        for number in range(KILLS):
            async with Users(
                it.url, it.client_key, rate=200, stream_share=0.5, seed=number
            ).sending() as users:
                await asyncio.sleep(0.8 + 0.07 * number)
                await it.gateway.kill()
            whole += [seen.request_id for seen in users.seen if seen.whole]
            await it.gateway.start()
        await it.operator("switch", "off", "--all", "--reason", "a killed process holds nobody up")
        await asyncio.sleep(2.0)
        lines = await it.ledger()
        status = await it.status("crashing")
    times = Counter(line["id"] for line in lines)
    missing = [request_id for request_id in whole if times[request_id] != 1]
    figure(f"{KILLS} kills: {len(whole)} whole answers, {len(lines)} exchanges, {len(missing)} missing")
    assert len(whole) > 100 * KILLS
    assert missing == []
    assert max(times.values()) == 1
    assert (status["state"], status["stage"]) == ("progressing", "half")
    for arm in ("candidate", "control"):
        in_ledger = [line for line in lines if line["rollout"] == "crashing" and line["arm"] == arm]
        assert status["arms"][arm]["requests"] == len(in_ledger) > 0
        assert status["arms"][arm]["cost_usd"] == pytest.approx(
            sum(line["cost_usd"] for line in in_ledger if line["triggered"])
        )
