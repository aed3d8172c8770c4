"""Thousands of requests with faults: the ledger's sums are what the provider says it told, to the token."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from stack import Stack, stack

from tidegate.harness.load.arrivals import planned
from tidegate.harness.load.connection import Broken, Target
from tidegate.harness.load.question import body
from tidegate.harness.load.scenario import SCENARIOS
from tidegate.harness.load.shot import Shot

SHORT, LONG = 2_000, 20_000
AT_ONCE = 48
KINDS = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cache_read_input_tokens": ("cache_read_tokens",),
    "cache_creation_input_tokens": ("cache_write_5m_tokens", "cache_write_1h_tokens"),
}
"""The provider's word for each kind of token, and the ledger's."""

PRICES = """\
[prices."claude-sonnet-4-6"]
input = 3.0
output = 15.0
[prices."claude-haiku-4-5-20251001"]
input = 1.0
output = 5.0
"""
RATES = {"claude-sonnet-4-6": (3.0, 15.0), "claude-haiku-4-5-20251001": (1.0, 5.0)}
"""The same, in and out; a cache read costs a tenth of input, a write for five minutes a quarter more."""

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: counting}
spec:
  unit: user
  candidate:
    skills: {contract-analysis: latest, incident-summary: latest, log-digest: latest}
    model: claude-haiku-4-5
    timeout: 10s
  stages:
    - {name: all, weight: 100, bake: 30d, promote: manual, holdout: 50}
  gates:
    samples: {min: 1000, unsure: hold}
"""
FAULTS = (
    {"kind": "status", "status": 529, "share": 0.03},
    {"kind": "status", "status": 500, "share": 0.1, "skill": "contract-analysis"},
    {"kind": "status", "status": 400, "share": 0.05, "skill": "incident-summary"},
    {"kind": "hang", "share": 0.03, "skill": "log-digest"},
    {"kind": "cut", "share": 0.02},
    {"kind": "cut", "share": 0.02, "after_bytes": 900},
    {"kind": "stream_error", "share": 0.02},
)
"""No client leaves early, and nothing is reset: what was on the wire then nobody can say, and a request that
finds its connection closed is sent once more within the same attempt."""


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_ledger_of_thousands_of_requests_is_what_the_provider_told(
    tmp_path: Path, figure: Callable[[str], None], long_form: bool
) -> None:
    requests = LONG if long_form else SHORT
    shots = list(planned(msgspec.structs.replace(SCENARIOS["seed"], seconds=1300), seed=5))[:requests]
    assert len(shots) == requests
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "tidegate.toml").write_text(PRICES)
    async with stack(tmp_path, profile="seed = 4\n", up=("--workers", "2")) as it:
        await it.publish("contract-analysis", "incident-summary", "log-digest")
        await it.start_rollout(SPEC)
        await it.faults(*FAULTS)
        told_clients = await _ask_all(it, shots)
        counts = await it.emulator_counts()
        lines = await _whole_ledger(it, requests)
    told, ours = counts["told"], _sums(lines)
    figure(
        f"{len(lines)} exchanges, {counts['requests']} upstream requests, faults {counts['faults']}, "
        f"told {told}, clients saw {dict(told_clients)}"
    )
    assert len(lines) == requests
    assert sum(line["attempts"] for line in lines) == counts["requests"] > requests
    assert set(counts["faults"]) == {"status", "hang", "cut", "stream_error"}
    assert sum(line["fallback"] is not None for line in lines) > requests / 200
    assert ours == {kind: sum(usage[kind] for usage in told.values()) for kind in KINDS}
    assert sum(line["usage"]["cache_write_1h_tokens"] for line in lines) == 0
    expected = sum(_dollars(model, usage) for model, usage in told.items())
    assert sum(line["cost_usd"] or 0.0 for line in lines) == pytest.approx(expected, rel=1e-9)
    outcomes = Counter(line["outcome"] for line in lines)
    assert told_clients["whole"] == outcomes["ok"]


async def _ask_all(it: Stack, shots: list[Shot]) -> Counter[str]:
    """As fast as the answers come, AT_ONCE at a time: the sums are in question here, not the speed."""
    target, waiting, seen = Target(it.url, it.client_key), iter(shots), Counter[str]()

    async def one_after_the_other() -> None:
        for shot in waiting:
            try:
                answer = await target.ask(body(shot, emulated=False))
            except Broken:
                seen["broken"] += 1
                continue
            whole = answer.status == 200 and (not shot.stream or answer.ended_by == "message_stop")
            seen["whole" if whole else f"{answer.status} {answer.ended_by}"] += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    target.close()
    return seen


async def _whole_ledger(it: Stack, requests: int) -> list[dict[str, object]]:
    """Until every exchange is in: the last ones may still be on their way out of the spools."""
    async with asyncio.timeout(60):
        while len(lines := await it.ledger()) < requests:
            await asyncio.sleep(0.5)
    return lines


def _sums(lines: list[dict[str, object]]) -> dict[str, int]:
    return {
        kind: sum(line["usage"][name] for line in lines for name in names) for kind, names in KINDS.items()
    }


def _dollars(model: str, usage: dict[str, int]) -> float:
    given, made = RATES[model]
    cached = (
        given * 0.1 * usage["cache_read_input_tokens"] + given * 1.25 * usage["cache_creation_input_tokens"]
    )
    return (given * usage["input_tokens"] + made * usage["output_tokens"] + cached) / 1e6
