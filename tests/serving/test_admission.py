"""Places and the line for them: bounded, by priority, first come first served, nobody left behind."""

import asyncio

import pytest

from tidegate.domain.access import Priority
from tidegate.domain.errors import Overloaded
from tidegate.serving.admission import Admission

HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW


class Line:
    """One place, taken; who comes waits, and its turn is noted."""

    def __init__(self, *, queue: int = 10, seconds: float = 5.0) -> None:
        self.shed: list[tuple[str, str]] = []
        self.admission = Admission(
            1, queue=queue, seconds=seconds, on_shed=lambda priority, why: self.shed.append((priority, why))
        )
        self.turns: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        assert self.admission.enter()

    async def come(self, name: str, priority: Priority) -> None:
        async def wait() -> None:
            await self.admission.wait(priority)
            self.turns.append(name)

        self.tasks[name] = asyncio.create_task(wait())
        await asyncio.sleep(0)

    async def leave(self, times: int = 1) -> None:
        for _ in range(times):
            self.admission.leave()
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def test_a_free_place_is_taken_without_waiting() -> None:
    admission = Admission(2)
    assert [admission.enter() for _ in range(3)] == [True, True, False]
    admission.leave()
    assert admission.enter()


async def test_turns_go_by_priority_and_then_by_coming() -> None:
    line = Line()
    for name, priority in [("a", LOW), ("b", NORMAL), ("c", HIGH), ("d", NORMAL), ("e", HIGH)]:
        await line.come(name, priority)
    await line.leave(5)
    assert line.turns == ["c", "e", "b", "d", "a"]
    assert (line.admission.open, line.admission.waiting) == (1, 0)
    await line.leave()
    assert line.admission.open == 0


async def test_a_full_line_refuses_at_once_but_gives_way_to_a_higher_priority() -> None:
    line = Line(queue=2)
    await line.come("a", LOW)
    await line.come("b", LOW)
    await line.come("c", LOW)
    with pytest.raises(Overloaded, match="1 exchanges are in progress and 2 wait"):
        await line.tasks["c"]
    await line.come("d", HIGH)
    with pytest.raises(Overloaded):
        await line.tasks["b"]
    await line.come("e", NORMAL)
    with pytest.raises(Overloaded):
        await line.tasks["a"]
    await line.come("f", NORMAL)
    with pytest.raises(Overloaded):
        await line.tasks["f"]
    assert line.shed == [(LOW, "full"), (LOW, "displaced"), (LOW, "displaced"), (NORMAL, "full")]
    await line.leave(2)
    assert line.turns == ["d", "e"]


async def test_whoever_waits_in_vain_is_refused_in_time_and_leaves_the_line() -> None:
    line = Line(seconds=0.02)
    await line.come("a", NORMAL)
    with pytest.raises(Overloaded):
        await line.tasks["a"]
    assert (line.shed, line.admission.waiting, line.admission.open) == ([(NORMAL, "late")], 0, 1)
    await line.leave()
    assert line.admission.open == 0


async def test_a_client_that_leaves_the_line_takes_no_place() -> None:
    line = Line()
    await line.come("a", NORMAL)
    await line.come("b", NORMAL)
    line.tasks["a"].cancel()
    await asyncio.sleep(0)
    assert line.admission.waiting == 1
    await line.leave()
    assert line.turns == ["b"]
    await line.leave()
    assert line.admission.open == 0


async def test_a_client_that_leaves_as_it_gets_its_place_gives_it_on() -> None:
    line = Line()
    await line.come("a", NORMAL)
    await line.come("b", NORMAL)
    line.admission.leave()
    line.tasks["a"].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (line.turns, line.admission.open, line.admission.waiting) == (["b"], 1, 0)


async def test_a_place_that_comes_with_the_end_of_the_wait_is_not_lost() -> None:
    line = Line(seconds=0.0)
    await line.come("a", NORMAL)
    await asyncio.gather(line.tasks["a"], return_exceptions=True)
    assert line.admission.waiting == 0
    await line.leave()
    assert line.admission.open == 0
