"""Every metric can be shown for several processes as one."""

from tidegate.domain.metric import Kind
from tidegate.domain.metrics import CATALOGUE


def test_each_gauge_says_how_the_workers_of_a_machine_show_as_one() -> None:
    without = [metric.name for metric in CATALOGUE if metric.kind is Kind.GAUGE and metric.across is None]
    assert without == [], f"give these gauges `across=Across.SUM`, MAX or MIN in domain/metrics.py: {without}"
