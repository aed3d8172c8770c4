"""The exposition of several processes: as one process would tell it, and never backwards."""

from prometheus_client.parser import text_string_to_metric_families

from tidegate.adapters.telemetry.merged import MergedReports
from tidegate.adapters.telemetry.prometheus import PrometheusMeter, exposition_of
from tidegate.domain.metrics import FIRST_TOKEN, REQUESTS, SNAPSHOT_AGE

OK = ("messages", "outside", "ok")


def meter(requests: int, age: float) -> PrometheusMeter:
    made = PrometheusMeter()
    made.add(REQUESTS, OK, requests)
    made.observe(FIRST_TOKEN, ("outside",), 0.2)
    made.set(SNAPSHOT_AGE, (), age)
    return made


def shown(reports: MergedReports) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(exposition_of(reports.merged()).decode())
        for sample in family.samples
    }


def requests(reports: MergedReports) -> float:
    return shown(reports)["tidegate_requests_total['messages', 'ok', 'outside']"]


def test_one_process_reads_as_its_own_exposition() -> None:
    alone = meter(3, 0.5)
    reports = MergedReports()
    reports.take("a", alone.report())
    assert exposition_of(reports.merged()) == alone.exposition()


def test_two_processes_add_up() -> None:
    reports = MergedReports()
    reports.take("a", meter(3, 0.5).report())
    reports.take("b", meter(4, 0.2).report())
    found = shown(reports)
    assert requests(reports) == 7
    assert found["tidegate_snapshot_age_seconds[]"] == 0.5
    assert found["tidegate_time_to_first_token_seconds_count['outside']"] == 2
    assert found["tidegate_time_to_first_token_seconds_bucket['+Inf', 'outside']"] == 2
    assert found["tidegate_time_to_first_token_seconds_bucket['0.1', 'outside']"] == 0


def test_what_a_process_counted_outlives_it_and_its_gauges_do_not() -> None:
    reports = MergedReports()
    reports.take("a", meter(3, 50.0).report())
    reports.take("b", meter(4, 0.2).report())
    reports.end("a")
    assert requests(reports) == 7
    assert shown(reports)["tidegate_snapshot_age_seconds[]"] == 0.2
    reports.take("c", meter(1, 0.1).report())
    reports.end("b")
    reports.end("b")
    assert requests(reports) == 8


def test_a_process_that_never_told_anything_leaves_nothing() -> None:
    reports = MergedReports()
    reports.end("nobody")
    assert reports.merged() == []
