"""The numbers of several processes as one: none ever goes backwards because a process ended."""

from collections.abc import Hashable

from tidegate.domain.merging import Report, Sample, bound, lasting, merge
from tidegate.domain.metric import Metric
from tidegate.domain.metrics import CATALOGUE


class MergedReports:
    """Keeps each process's latest report, and of those that ended what they had counted.

    What a process counts after its latest report and before it is killed is lost: a count may be too low,
    but what a scrape has once seen is never taken back.
    """

    def __init__(self, catalogue: tuple[Metric, ...] = CATALOGUE) -> None:
        self._catalogue = {metric.name: metric for metric in catalogue}
        self._latest: dict[Hashable, Report] = {}
        self._ended: list[Sample] = []
        self._names: dict[str, frozenset[str]] = {}

    def take(self, process: Hashable, report: Report) -> None:
        """The process's newest report; each of its counters is at least what it was in the one before."""
        self._latest[process] = report

    def end(self, process: Hashable) -> None:
        """The process has ended: its counts stay, its gauges go."""
        report = self._latest.pop(process, ())
        self._ended = merge([self._ended, lasting(report, self._catalogue)], self._catalogue)

    def merged(self) -> list[Sample]:
        """All of it as one report, its names bounded as those of a single process are."""
        everything = merge([self._ended, *self._latest.values()], self._catalogue)
        bounded, self._names = bound(everything, self._catalogue, self._names)
        return bounded
