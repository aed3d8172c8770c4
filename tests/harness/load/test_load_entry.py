"""A run that is not let in ends early; one that is goes on whatever comes later."""

import asyncio

import pytest

from tidegate.domain.errors import InvalidInput
from tidegate.harness.load.arrivals import planned
from tidegate.harness.load.entry import REFUSALS, Entry
from tidegate.harness.load.scenario import SCENARIOS
from tidegate.harness.load.shot import Result

SHOT = next(iter(planned(SCENARIOS["smoke"], seed=1)))


def result(status: int) -> Result:
    return Result(
        shot=SHOT,
        late=0.0,
        seconds=0.1,
        first_token_seconds=None,
        status=status,
        failure="" if status == 200 else "status",
        request_id="",
        skills="",
        fallback="",
    )


async def ended(statuses: list[int]) -> bool:
    taken: list[Result] = []
    entry = Entry(taken.append, "http://gateway")
    watching = asyncio.create_task(entry.watch())
    for status in statuses:
        entry.take(result(status))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(taken) == len(statuses)
    if not watching.done():
        watching.cancel()
        return False
    with pytest.raises(InvalidInput, match="http://gateway answered the first requests with"):
        await watching
    return True


async def test_refused_from_the_first_request_on() -> None:
    assert await ended([401] * REFUSALS)
    assert await ended([0, 403, 401, 403])
    assert not await ended([401] * (REFUSALS - 1))


@pytest.mark.parametrize("first", [200, 429, 500, 529])
async def test_whoever_was_let_in_once_is_in(first: int) -> None:
    assert not await ended([401, first, *[401] * 50])
