"""`tidegate load` on a gateway with the sample skills: each kind of request, a burst, a recorded trace."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tidegate.harness.demo.processes import child_environment
from tidegate.harness.load.question import body
from tidegate.harness.load.shot import Kind, Shot
from tidegate.harness.load.testbed import PROFILE, open_testbed
from tidegate.harness.load.testbed import Testbed as Bed

pytestmark = [pytest.mark.paced("outages"), pytest.mark.asyncio(loop_scope="module")]

TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
SKILL_OF = {
    Kind.PLAIN: None,
    Kind.INSTRUCTIONS: "incident-summary@1",
    Kind.REFERENCES: "contract-analysis@1",
    Kind.SCRIPT: "log-digest@1",
    Kind.NATIVE: "release-notes@1",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def testbed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bed]:
    async with open_testbed(tmp_path_factory.mktemp("load"), profile=PROFILE) as started:
        yield started


async def load(testbed: Bed, *arguments: str) -> dict[str, object]:
    target = ("--url", testbed.gateway, "--key", testbed.client_key, "--emulator", testbed.emulator)
    process = await asyncio.create_subprocess_exec(
        TIDEGATE,
        "load",
        *arguments,
        *target,
        "--json",
        stdout=asyncio.subprocess.PIPE,
        env=child_environment(),
    )
    out, _ = await process.communicate()
    return json.loads(out)


@pytest.mark.parametrize("kind", list(Kind))
async def test_each_kind_of_request_is_served_with_its_skill(testbed: Bed, kind: Kind) -> None:
    seen: set[tuple[str, str | None]] = set()
    headers = {"x-api-key": testbed.client_key, "anthropic-version": "2023-06-01"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for user in range(4):  # one in twenty is in control: four of them hardly ever are
            asked = body(Shot(at=0, kind=kind, user=user, stream=False, output_tokens=5), emulated=True)
            async with session.post(f"{testbed.gateway}/v1/messages", data=asked) as answer:
                message = await answer.json()
                assert answer.status == 200, message
                assert "tidegate-fallback" not in answer.headers
                seen.add((answer.headers["tidegate-arm"], answer.headers.get("tidegate-skills")))
                native = kind is Kind.NATIVE and answer.headers["tidegate-arm"] == "candidate"
                assert bool(message.get("container")) == native
    assert seen - {("control", None)} == {("candidate", SKILL_OF[kind])}


async def test_a_burst_of_two_hundred_at_once_is_served(testbed: Bed, figure: Callable[[str], None]) -> None:
    told = await load(testbed, "burst", "--for", "14s")
    figure(f"burst: {told['requests']} requests, p95 {told['seconds']['p95']:.2f} s, missed {told['missed']}")
    assert told["requests"] > 200
    assert told["errors"] < 0.02
    assert told["fallbacks"] == {}


async def test_a_recorded_trace_is_served(
    testbed: Bed, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    trace = tmp_path / "trace.csv"
    rows = [f"2023-11-16 18:15:{n // 4:02}.{n % 4 * 25:02}00000,{100 + 40 * n},{5 + n}" for n in range(40)]
    trace.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]))
    told = await load(testbed, "trace", "--trace", str(trace))
    figure(f"trace: {told['requests']} requests, p95 {told['seconds']['p95']:.2f} s, missed {told['missed']}")
    assert told["requests"] == 40
    assert told["failures"] == {}
