"""Numbers of several processes as one: counters add up, gauges as the catalogue says, names stay bounded."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.merging import Sample, bound, lasting, merge
from tidegate.domain.metric import LABEL_BOUNDS, OTHER
from tidegate.domain.metrics import (
    CATALOGUE,
    GATE_VERDICT,
    LEDGER_QUEUED,
    REQUEST_DURATION,
    REQUESTS,
    SKILL_TIMEOUTS,
    SNAPSHOT_AGE,
)

KNOWN = {metric.name: metric for metric in CATALOGUE}
LABELS = ("messages", "outside", "ok")


def requests(value: float) -> Sample:
    return Sample(REQUESTS.name, "", LABELS, "", value)


def timeouts(skill: str, value: float = 1.0) -> Sample:
    return Sample(SKILL_TIMEOUTS.name, "", (skill,), "", value)


def test_counters_and_the_parts_of_histograms_add_up() -> None:
    bucket = Sample(REQUEST_DURATION.name, "_bucket", ("messages", "outside"), "0.5", 3.0)
    assert merge([[requests(2), bucket], [requests(5), bucket]], KNOWN) == [
        requests(7),
        Sample(REQUEST_DURATION.name, "_bucket", ("messages", "outside"), "0.5", 6.0),
    ]


def test_each_gauge_shows_as_it_wants() -> None:
    def three(name: str, labels: tuple[str, ...] = ()) -> float:
        reports = [[Sample(name, "", labels, "", value)] for value in (1.0, -1.0, 4.0)]
        return merge(reports, KNOWN)[0].value

    assert three(LEDGER_QUEUED.name) == 4.0
    assert three(SNAPSHOT_AGE.name) == 4.0
    assert three(GATE_VERDICT.name, ("r", "errors")) == -1.0


def test_what_no_catalogue_knows_is_left_out() -> None:
    assert merge([[Sample("invented_total", "", (), "", 1.0)]], KNOWN) == []


def test_labels_that_the_catalogue_does_not_know_are_left_out_with_their_sample() -> None:
    """A worker of a newer version reports them to a supervisor of an older one."""
    newer = Sample(REQUESTS.name, "", (*LABELS, "new"), "", 3.0)
    merged = merge([[newer, requests(2)]], KNOWN)
    assert merged == [requests(2)]
    assert bound(merged, KNOWN, {})[0] == [requests(2)]


def test_of_a_process_that_ended_the_counts_stay_and_the_gauges_go() -> None:
    assert lasting([requests(2), Sample(SNAPSHOT_AGE.name, "", (), "", 9.0)], KNOWN) == [requests(2)]


def test_names_beyond_the_bound_are_counted_as_other() -> None:
    room = LABEL_BOUNDS["skill"]
    report, shown = bound([timeouts(f"s{n}") for n in range(room + 5)], KNOWN, {})
    assert len(shown["skill"]) == room
    assert report[-1] == timeouts(OTHER, 5.0)
    assert sum(sample.value for sample in report) == room + 5


def test_a_name_that_was_shown_stays_shown() -> None:
    room = LABEL_BOUNDS["skill"]
    _, shown = bound([timeouts(f"old{n}") for n in range(room)], KNOWN, {})
    report, shown = bound(
        [*(timeouts(f"new{n}") for n in range(room)), *(timeouts(f"old{n}") for n in range(room))],
        KNOWN,
        shown,
    )
    assert shown["skill"] == {f"old{n}" for n in range(room)}
    assert timeouts(OTHER, float(room)) in report


def test_a_name_that_nothing_shows_makes_room() -> None:
    room = LABEL_BOUNDS["skill"]
    _, shown = bound([timeouts(f"old{n}") for n in range(room)], KNOWN, {})
    _, shown = bound([timeouts("new")], KNOWN, shown)
    assert shown["skill"] == {"new"}


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=4), max_size=5))
def test_no_order_of_merging_changes_a_sum(reports: list[list[int]]) -> None:
    told = [[requests(float(value)) for value in report] for report in reports]
    total = float(sum(map(sum, reports)))
    assert sum(sample.value for sample in merge(told, KNOWN)) == total
    stepwise: list[Sample] = []
    for report in told:
        stepwise = merge([stepwise, report], KNOWN)
    assert sum(sample.value for sample in stepwise) == total
