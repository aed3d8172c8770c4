import msgspec
import pytest
from exchanges import SINCE, exchange_lists, make_exchange
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.evidence import (
    AFTER,
    AFTER_BUCKET_SECONDS,
    CAP_PER_UNIT,
    SHORT_WINDOW_SECONDS,
    StageEvidence,
    Tally,
)
from tidegate.domain.exchange import Arm, Exchange, Outcome
from tidegate.domain.recount import recount
from tidegate.domain.tallying import Cell, StageEvent, Sums, UnitKey, add_sums, first_events, fold
from tidegate.domain.unit_state import UnitState

BAD = Outcome.UPSTREAM_ERROR


class _Running:
    """Sums kept as a store keeps them: batch by batch, each exchange id once."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.sums: dict[Cell, Sums] = {}
        self.units: dict[UnitKey, UnitState] = {}
        self.events: list[StageEvent] = []

    def ingest(self, batch: list[Exchange]) -> None:
        fresh = [found for found in {found.id: found for found in batch}.values() if found.id not in self.ids]
        folded = fold(fresh, self.units)
        self.ids |= {found.id for found in fresh}
        self.units |= folded.units
        self.events = first_events([*self.events, *folded.events])
        for cell, sums in folded.sums.items():
            self.sums[cell] = add_sums(self.sums[cell], sums) if cell in self.sums else sums


def _evidence(exchanges: list[Exchange], stage: int = 0) -> StageEvidence:
    return recount(exchanges, "contract-skills", 1, stage, latest=20)


@given(exchange_lists(), st.data())
def test_any_split_into_batches_and_any_repetition_gives_the_same_evidence(
    exchanges: list[Exchange], data: st.DataObject
) -> None:
    running, whole = _Running(), fold(exchanges, {})
    at = 0
    while at < len(exchanges):
        size = data.draw(st.integers(1, 7))
        repeated = data.draw(st.lists(st.sampled_from(exchanges[: at + size]), max_size=3))
        batch = exchanges[at : at + size]
        running.ingest([*batch, *[found for found in repeated if found not in exchanges[at + size :]]])
        at += size
    assert running.sums == whole.sums
    assert running.units == whole.units
    assert running.events == first_events(whole.events)


@given(exchange_lists(), st.randoms(use_true_random=False))
def test_what_does_not_look_back_at_a_unit_is_the_same_in_any_order(
    exchanges: list[Exchange], random
) -> None:
    """Units that trigger always look back for streaks, first costs and the place of their cap alone."""
    always = [msgspec.structs.replace(found, triggered=True) for found in exchanges]
    shuffled = list(always)
    random.shuffle(shuffled)

    def plain(evidence: StageEvidence) -> list[object]:
        plain = [
            (
                b.start,
                b.arm,
                msgspec.structs.replace(
                    b.tally,
                    capped_short=0,
                    capped_long=0,
                    units=0,
                    payers=0,
                    costs_squared=0,
                    cost_by_charged=0,
                    charged_squared=0,
                    bets={},
                ),
            )
            for b in evidence.buckets
        ]
        return [each for each in plain if each[2] != Tally()]

    for stage in (0, 1):
        one, other = _evidence(always, stage), _evidence(shuffled, stage)
        assert plain(one) == plain(other)
        assert {(e.unit, e.step) for e in one.events} == {(e.unit, e.step) for e in other.events}


@given(exchange_lists())
def test_sums_add_up_to_the_exchanges_that_count(exchanges: list[Exchange]) -> None:
    counted = [found for found in exchanges if found.counted and found.arm is not Arm.OUTSIDE]
    tallies = [bucket.tally for stage in (0, 1) for bucket in _evidence(exchanges, stage).buckets]
    assert sum(tally.requests for tally in tallies) == len(counted)
    assert sum(tally.errors for tally in tallies) == sum(found.bad for found in counted)
    for tally in tallies:
        assert tally.triggered == sum(tally.seconds.values())
        assert tally.triggered_errors <= tally.faulted <= tally.triggered <= tally.requests
        assert tally.capped_short <= tally.triggered >= tally.priced


@pytest.mark.parametrize(
    "changes",
    [
        {"rollout": None},
        {"stage": None, "arm": Arm.OUTSIDE},
        {"arm": Arm.OUTSIDE},
        {"counted": False},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_in_no_arm_is_no_evidence(changes: dict[str, object]) -> None:
    folded = fold([make_exchange(1, outcome=BAD, **changes)], {})
    assert (folded.sums, folded.units, folded.events) == ({}, {}, [])


def test_after_completion_requests_are_summed_by_the_minute_and_units_are_not_remembered() -> None:
    made = [
        make_exchange(n, stage=None, counted=False, outcome=BAD if n < 2 else Outcome.OK) for n in range(5)
    ]
    folded = fold(made, {})
    assert {(cell.stage, cell.bucket % AFTER_BUCKET_SECONDS) for cell in folded.sums} == {(AFTER, 0)}
    assert sum(sums.requests for sums in folded.sums.values()) == 5
    assert sum(sums.errors for sums in folded.sums.values()) == 2
    assert (folded.units, folded.events) == ({}, [])


def test_a_heavy_unit_counts_up_to_the_cap_in_each_window_step() -> None:
    heavy = [make_exchange(number, unit_hash="a", finished_at=SINCE + number) for number in range(300)]
    later = [
        msgspec.structs.replace(
            found, id=f"later-{found.id}", finished_at=found.finished_at + SHORT_WINDOW_SECONDS
        )
        for found in heavy
    ]
    tallies = [bucket.tally for bucket in _evidence([*heavy, *later]).buckets]
    assert sum(tally.triggered for tally in tallies) == 600
    assert sum(tally.capped_short for tally in tallies) == 2 * CAP_PER_UNIT
    assert sum(tally.capped_long for tally in tallies) == CAP_PER_UNIT


def test_each_request_of_a_request_unit_counts_by_itself() -> None:
    many = [make_exchange(n, unit_hash="same", unit_kind="request", outcome=BAD) for n in range(300)]
    folded = fold(many, {})
    assert (folded.units, folded.events) == ({}, [])
    assert sum(sums.capped_short for sums in folded.sums.values()) == 300


def test_a_streak_is_three_faulted_of_the_last_five() -> None:
    outcomes = [BAD, BAD, Outcome.OK, Outcome.OK, Outcome.OK, BAD, Outcome.OK, BAD, BAD]
    found = [make_exchange(n, unit_hash="a", outcome=outcome) for n, outcome in enumerate(outcomes)]
    assert [(event.kind, event.at - SINCE) for event in _evidence(found).events] == [
        ("bad", 0.5),
        ("streak", 8.5),
    ]


def test_a_rescued_exchange_is_faulted_but_no_error() -> None:
    tally = _evidence([make_exchange(1, first_attempt_failed=True)]).buckets[0].tally
    assert (tally.errors, tally.triggered_errors, tally.faulted) == (0, 0, 1)


def test_costs_sum_exactly_whatever_their_order() -> None:
    costs = [0.1, 0.2, 0.3, 1e-9, 3e-7] * 20
    found = [make_exchange(n, finished_at=SINCE, cost_usd=cost) for n, cost in enumerate(costs)]
    assert _evidence(found).buckets[0].tally.cost_usd == 12.00000602
    assert _evidence(found[::-1]).buckets == _evidence(found).buckets


def test_a_slow_exchange_counts_by_how_many_limits_it_exceeded_and_its_unit_once_for_each() -> None:
    found = [make_exchange(n, unit_hash="a", slow=slow) for n, slow in enumerate((0, 2, 1, 2))]
    evidence = _evidence(found)
    assert [bucket.tally.slow for bucket in evidence.buckets] == [{2: 2, 1: 1}]
    assert [(event.kind, event.at - SINCE) for event in evidence.events] == [("slow1", 1.5), ("slow2", 1.5)]


def test_a_unit_is_counted_when_it_is_first_seen_in_the_attempt_triggered_or_not() -> None:
    found = [
        make_exchange(1, unit_hash="a", triggered=False),
        make_exchange(2, unit_hash="a"),
        make_exchange(3, unit_hash="b", stage=1),
        make_exchange(4, unit_hash="b"),
        make_exchange(5, unit_hash="a", attempt=2),
    ]
    assert [bucket.tally.units for bucket in _evidence(found).buckets] == [1]
    assert [bucket.tally.units for bucket in _evidence(found, 1).buckets] == [1]


def test_a_conversation_that_stays_shows_the_candidates_unit_and_nothing_else() -> None:
    stays = make_exchange(1, unit_hash="a", counted=False, stays=True, outcome=BAD)
    later = make_exchange(2, unit_hash="a", arm=Arm.CANDIDATE)
    evidence = _evidence([stays, later])
    assert [(bucket.arm, bucket.tally.units, bucket.tally.requests) for bucket in evidence.buckets] == [
        (Arm.CANDIDATE, 1, 1)
    ]
    assert evidence.events == ()
