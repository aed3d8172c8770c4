"""After a switch or an abort returns, no later request is served with a skill; earlier ones finish."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from clients import Users
from stack import Stack, stack

SLOW = "seed = 5\n[timing]\nfirst_token_seconds = 0.3\nfirst_token_sigma = 0.3\n"
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: live}
spec:
  unit: user
  candidate: {skills: {contract-analysis: latest}}
  stages:
    - {name: half, weight: 50, bake: 1h, promote: manual}
    - {name: full, weight: 100, bake: 1h, promote: manual, holdout: 5}
  gates:
    errors: {worse: rollback}
"""


async def skills_after(it: Stack, users: Users, *command: str, grace: float = 0.0) -> tuple[int, int, int]:
    """Runs the command under load; returns later answers, later ones with a skill, and those in flight."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(2.0)
    assert any(seen.skills for seen in users.seen)
    await it.operator(*command, "--reason", "test")
    returned = loop.time()
    in_flight = [seen for seen in users.seen if not seen.done]
    while not all(seen.done for seen in in_flight):
        await asyncio.sleep(0.05)
    await it.reset_emulator_counts()
    await asyncio.sleep(2.0)
    counts = await it.emulator_counts()
    assert counts["requests"] > 300
    assert counts["skills"] == {}  # what the provider saw, whatever our own headers say
    later = [seen for seen in users.seen if seen.sent > returned + grace and seen.done]
    assert in_flight
    assert all(seen.whole for seen in in_flight if seen.done)
    return len(later), sum(bool(seen.skills) for seen in later), len(in_flight)


pytestmark = [pytest.mark.exclusive, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with stack(tmp_path_factory.mktemp("switch"), profile=SLOW) as started:
        await started.publish("contract-analysis")
        await started.start_rollout(SPEC)
        yield started


async def test_a_switch_that_is_on_again_serves_skills_again(it: Stack) -> None:
    await it.operator("switch", "off", "--skill", "contract-analysis", "--reason", "test")
    listed = await it.operator("switch", "list")
    assert "contract-analysis" in str(listed)
    await it.operator("switch", "on", "--skill", "contract-analysis", "--reason", "test")
    async with Users(it.url, it.client_key, rate=100).sending() as users:
        await asyncio.sleep(1.0)
    assert any(seen.skills for seen in users.seen)


@pytest.mark.parametrize(
    "command",
    [
        ("switch", "off", "--all"),
        ("switch", "off", "--skill", "contract-analysis"),
        ("switch", "off", "--tenant", "default"),
        ("rollout", "abort", "live"),
    ],
    ids=" ".join,
)
async def test_no_later_request_is_served_with_a_skill(
    it: Stack, figure: Callable[[str], None], command: tuple[str, ...]
) -> None:
    async with Users(it.url, it.client_key, rate=200, stream_share=0.3).sending() as users:
        grace = 0.25 if "abort" in command else 0.0
        later, with_skill, in_flight = await skills_after(it, users, *command, grace=grace)
    if "off" in command:
        await it.operator("switch", "on", *command[2:], "--reason", "test")
    figure(f"{' '.join(command)}: {later} later answers, {with_skill} with a skill, {in_flight} in flight")
    assert later >= 200
    assert with_skill == 0
    assert all(seen.whole for seen in users.seen)
