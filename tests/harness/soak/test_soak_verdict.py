"""The soak's table says what was required, what was measured, and whether it was kept."""

import msgspec
import pytest

from tidegate.harness.load.outcome import judge
from tidegate.harness.load.shot import Kind, Result, Shot
from tidegate.harness.load.tally import Tally
from tidegate.harness.soak.blame import Blamed
from tidegate.harness.soak.plan import scenario
from tidegate.harness.soak.verdict import Soak, rows, table


def soak(
    *,
    slow: int = 0,
    broken: int = 0,
    gateway: int = 0,
    end: float = 200.0,
    worker: float = 100.0,
    done: int = 2,
) -> Soak:
    tally = Tally(window=60.0)
    for number in range(1000):
        tally.take(
            Result(
                shot=Shot(at=number / 10, kind=Kind.PLAIN, user=1, stream=False),
                late=0.001,
                seconds=6.0 if number < slow else 1.5,
                status=200,
                failure="reset" if number < broken else "",
            )
        )
    outcome = judge(scenario(180), tally, target="t", unsent=0, sending_seconds=60)
    blamed = Blamed(broken - gateway, gateway, {"reset": gateway} if gateway else {})
    events = ((72.0, "rolling restart"), (108.0, "worker 7 killed"))[:done]
    figures = rows(outcome, blamed, mark=200.0, end=end, largest=worker, done=events)
    return Soak(
        at=0.0,
        seconds=180,
        workers=2,
        rows=figures,
        outcome=outcome,
        blamed=blamed,
        done=events,
    )


def test_what_keeps_every_bound_has_missed_nothing() -> None:
    assert soak(slow=49, broken=19, gateway=19, end=219.0).missed == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"slow": 60}, ["p95"]),
        ({"broken": 20}, ["errors"]),
        ({"broken": 31, "gateway": 31}, ["errors", "failures caused by the gateway itself"]),
        ({"end": 221.0}, ["memory of all processes, end against the mark"]),
        ({"end": 0.0}, ["memory of all processes, end against the mark"]),
        ({"worker": 121.0}, ["memory of one worker, at most"]),
        ({"done": 1}, ["restart and kill were done"]),
        ({"done": 0}, ["restart and kill were done"]),
    ],
)
def test_each_bound_is_enough_to_fail(changes: dict[str, float], what: list[str]) -> None:
    assert [row.what for row in soak(**changes).missed] == what


def test_the_table_is_markdown_and_marks_what_was_missed() -> None:
    text = table(soak(slow=60))
    assert "| p95 | < 5 s | 6.00 s | **missed** |" in text
    assert "| restart and kill were done | both | rolling restart, worker 7 killed | kept |" in text
    assert "Done meanwhile: rolling restart at 72 s; worker 7 killed at 108 s." in text


def test_the_short_form_is_the_long_one_in_small() -> None:
    long, short = scenario(1800), scenario(180)
    assert msgspec.structs.replace(long, seconds=180.0) == msgspec.structs.replace(short, seconds=180.0)
    assert [phase.begins for phase in short.phases] == sorted(phase.begins for phase in short.phases)
