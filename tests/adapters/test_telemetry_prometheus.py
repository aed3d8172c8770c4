"""The meter: what is counted is what is shown, labels stay bounded, unknown names are refused."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.domain import metrics, sandbox_metrics
from tidegate.domain.metric import LABEL_BOUNDS, Kind, Metric
from tidegate.domain.metrics import (
    CATALOGUE,
    DECISIONS,
    LEDGER_QUEUED,
    REQUEST_DURATION,
    REQUESTS,
    ROLLOUT_WEIGHT,
    SKILL_TIMEOUTS,
)


def samples(meter: PrometheusMeter) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(meter.exposition().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(meter: PrometheusMeter, name: str, **labels: str) -> float:
    return samples(meter)[name, frozenset(labels.items())]


def test_counters_gauges_and_histograms_are_shown_as_they_were_told() -> None:
    meter = PrometheusMeter()
    for amount in (1.0, 2.5):
        meter.add(REQUESTS, ("messages", "candidate", "ok"), amount)
        meter.observe(REQUEST_DURATION, ("messages", "control"), amount)
        meter.set(LEDGER_QUEUED, (), amount)
    arm = {"route": "messages", "arm": "control"}
    assert value(meter, "tidegate_requests_total", route="messages", arm="candidate", outcome="ok") == 3.5
    assert value(meter, "tidegate_ledger_queued") == 2.5
    assert value(meter, "tidegate_request_duration_seconds_sum", **arm) == 3.5
    assert value(meter, "tidegate_request_duration_seconds_bucket", le="1.0", **arm) == 1
    assert value(meter, "tidegate_request_duration_seconds_bucket", le="2.5", **arm) == 2


def test_two_meters_share_nothing() -> None:
    one, other = PrometheusMeter(), PrometheusMeter()
    one.set(LEDGER_QUEUED, (), 5)
    assert value(other, "tidegate_ledger_queued") == 0


def test_a_label_of_names_is_bounded_and_the_rest_is_other() -> None:
    meter = PrometheusMeter()
    bound = LABEL_BOUNDS["skill"]
    for number in range(bound + 30):
        for _ in range(2):
            meter.add(SKILL_TIMEOUTS, (f"skill-{number}",))
    shown = [labels for name, labels in samples(meter) if name == "tidegate_skill_timeouts_total"]
    assert len(shown) == bound + 1
    assert value(meter, "tidegate_skill_timeouts_total", skill="other") == 60
    assert value(meter, "tidegate_skill_timeouts_total", skill="skill-0") == 2


def test_a_name_outside_the_catalogue_cannot_be_emitted() -> None:
    with pytest.raises(ValueError, match="not in the catalogue"):
        PrometheusMeter().add(Metric(name="tidegate_made_up_total", kind=Kind.COUNTER, help="x"), ())


@pytest.mark.parametrize("labels", [(), ("messages",), ("a", "b", "c", "d")])
def test_a_wrong_number_of_labels_is_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is a counter with labels"):
        PrometheusMeter().add(REQUESTS, labels)


def test_a_wrong_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="asked for as a gauge"):
        PrometheusMeter().set(REQUESTS, ("a", "b", "c"), 1)


def test_label_values_cannot_break_out_of_the_text() -> None:
    meter = PrometheusMeter()
    meter.add(SKILL_TIMEOUTS, ('a"} 1\nevil 2\\',))
    assert value(meter, "tidegate_skill_timeouts_total", skill='a"} 1\nevil 2\\') == 1


def test_the_catalogue_follows_prometheus_naming() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    for metric in CATALOGUE:
        assert metric.name.startswith("tidegate_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert list(metric.buckets) == sorted(metric.buckets)
        if metric.name.endswith("duration_seconds"):
            assert {5.0, 10.0} <= set(metric.buckets)


def test_every_metric_of_the_catalogue_is_emitted_somewhere() -> None:
    source = Path(metrics.__file__).parents[1]
    declaring = {"metrics.py", "sandbox_metrics.py"}
    text = "".join(path.read_text() for path in source.rglob("*.py") if path.name not in declaring)
    declared = vars(metrics) | vars(sandbox_metrics)
    names = {name for name, value in declared.items() if isinstance(value, Metric)}
    assert len(names) == len(CATALOGUE)
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


def test_a_cleared_name_is_shown_no_more_and_makes_room_for_another() -> None:
    meter = PrometheusMeter()
    for number in range(LABEL_BOUNDS["rollout"] + 50):
        name = f"rollout-{number}"
        meter.set(ROLLOUT_WEIGHT, (name,), 5.0)
        meter.add(DECISIONS, (name, "advance"))
        assert value(meter, "tidegate_rollout_weight_percent", rollout=name) == 5.0
        meter.clear(ROLLOUT_WEIGHT, (name,))
        meter.clear(DECISIONS, (name, "advance"))
    assert "rollout-" not in meter.exposition().decode()


def test_a_name_that_another_metric_still_shows_keeps_its_room() -> None:
    meter = PrometheusMeter()
    for number in range(LABEL_BOUNDS["rollout"]):
        meter.set(ROLLOUT_WEIGHT, (f"r{number}",), 5.0)
    meter.add(DECISIONS, ("r0", "hold"))
    meter.clear(ROLLOUT_WEIGHT, ("r0",))
    meter.set(ROLLOUT_WEIGHT, ("late",), 5.0)
    assert value(meter, "tidegate_rollout_weight_percent", rollout="other") == 5.0
    assert value(meter, "tidegate_decisions_total", rollout="r0", kind="hold") == 1.0


def test_clearing_what_is_not_shown_changes_nothing() -> None:
    PrometheusMeter().clear(ROLLOUT_WEIGHT, ("nobody",))


def test_a_bucket_takes_what_is_at_most_its_bound_and_the_last_one_takes_the_rest() -> None:
    meter = PrometheusMeter()
    for seconds in (0.05, 0.0500001, 5.0, 10_000.0):
        meter.observe(REQUEST_DURATION, ("messages", "control"), seconds)
    arm = {"route": "messages", "arm": "control"}
    upto = {
        le: value(meter, "tidegate_request_duration_seconds_bucket", le=le, **arm)
        for le in ("0.05", "0.1", "5.0", "600.0", "+Inf")
    }
    assert upto == {"0.05": 1, "0.1": 2, "5.0": 3, "600.0": 3, "+Inf": 4}
    assert value(meter, "tidegate_request_duration_seconds_count", **arm) == 4


def test_a_count_that_would_fall_is_refused_and_changes_nothing() -> None:
    meter = PrometheusMeter()
    meter.add(SKILL_TIMEOUTS, ("a",))
    with pytest.raises(ValueError, match="cannot be moved by -1"):
        meter.add(SKILL_TIMEOUTS, ("a",), -1)
    assert value(meter, "tidegate_skill_timeouts_total", skill="a") == 1


def test_metrics_without_labels_are_there_from_the_start() -> None:
    shown = {name for name, labels in samples(PrometheusMeter()) if not labels}
    assert {metric.name for metric in CATALOGUE if not metric.labels and not metric.buckets} <= shown
