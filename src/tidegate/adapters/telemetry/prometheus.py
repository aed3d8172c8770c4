"""The port Meter: numbers in dictionaries of this process, shown by prometheus_client as its text format.

The library's own children lock, validate and walk their buckets for each number that moves: a twentieth of
what a request costs, for threads that are not there. Here it only writes the exposition.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric as ShownMetric
from prometheus_client.registry import Collector

from tidegate.domain.merging import Report, Sample
from tidegate.domain.metric import LABEL_BOUNDS, OTHER, Kind, Metric
from tidegate.domain.metrics import CATALOGUE

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

_Labels = tuple[str, ...]
_Numbers = dict[str, dict[_Labels, float]]


class PrometheusMeter:
    """Metrics of one process, moved by its event loop alone.

    Each (metric, label values) pair is found by two dictionary look-ups. A label of names (`LABEL_BOUNDS`)
    takes that many distinct values; any further one is counted as `other`. Metrics without labels begin at 0.
    """

    def __init__(self, catalogue: Sequence[Metric] = CATALOGUE) -> None:
        self._catalogue = {metric.name: metric for metric in catalogue}
        self._counters: dict[str, dict[_Labels, _Counter]] = {
            metric.name: {} if metric.labels else {(): _Counter()}
            for metric in catalogue
            if metric.kind is Kind.COUNTER
        }
        self._gauges: _Numbers = {
            metric.name: {} if metric.labels else {(): 0.0}
            for metric in catalogue
            if metric.kind is Kind.GAUGE
        }
        self._histograms: dict[str, dict[_Labels, _Histogram]] = {
            metric.name: {} if metric.labels else {(): _Histogram(metric.buckets)}
            for metric in catalogue
            if metric.kind is Kind.HISTOGRAM
        }
        self._seen: dict[str, set[str]] = {label: set() for label in LABEL_BOUNDS}

    def add(self, metric: Metric, labels: _Labels, value: float = 1.0) -> None:
        """Count; raises ValueError for a negative value."""
        if value < 0:
            raise ValueError(f"{metric.name} counts, so it cannot be moved by {value}")
        self.counter(metric, labels)(value)

    def counter(self, metric: Metric, labels: _Labels) -> Callable[[float], None]:
        """What counts one series; a value below zero is an error of the caller's, and raises there."""
        try:
            return self._counters[metric.name][labels].add
        except KeyError:
            labels = self._bounded(metric, labels, Kind.COUNTER)
            return self._counters[metric.name].setdefault(labels, _Counter()).add

    def observe(self, metric: Metric, labels: _Labels, value: float) -> None:
        """Put a value into a histogram."""
        self.histogram(metric, labels)(value)

    def histogram(self, metric: Metric, labels: _Labels) -> Callable[[float], None]:
        """What puts values into one series."""
        try:
            return self._histograms[metric.name][labels].observe
        except KeyError:
            labels = self._bounded(metric, labels, Kind.HISTOGRAM)
            return self._histograms[metric.name].setdefault(labels, _Histogram(metric.buckets)).observe

    def set(self, metric: Metric, labels: _Labels, value: float) -> None:
        """Set a gauge."""
        series = self._gauges.get(metric.name)
        if series is None or labels not in series:
            labels = self._bounded(metric, labels, Kind.GAUGE)
        self._gauges[metric.name][labels] = float(value)

    def clear(self, metric: Metric, labels: _Labels) -> None:
        """Show these label values no more; a name that nothing shows any longer makes room for another."""
        if self._all(metric.name).pop(labels, None) is None:
            return
        for label, value in zip(metric.labels, labels, strict=True):
            if label in self._seen and not self._shown(label, value):
                self._seen[label].discard(value)

    def report(self) -> Report:
        """Every sample of this process, to be merged with those of others."""
        report: list[Sample] = []
        for name in self._catalogue:
            for labels, shown in self._all(name).items():
                if isinstance(shown, _Histogram):
                    report.extend(shown.samples(name, labels))
                else:
                    value = shown.value if isinstance(shown, _Counter) else shown
                    report.append(Sample(name, "", labels, "", value))
        return report

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format, version 0.0.4 (`CONTENT_TYPE`)."""
        return exposition_of(self.report(), tuple(self._catalogue.values()))

    def _all(self, name: str) -> "dict[_Labels, float] | dict[_Labels, _Counter] | dict[_Labels, _Histogram]":
        """The series of one metric."""
        if name in self._counters:
            return self._counters[name]
        return self._gauges[name] if name in self._gauges else self._histograms[name]

    def _bounded(self, metric: Metric, labels: _Labels, asked: Kind) -> _Labels:
        """Label values not seen before, those beyond a bound as `other`; the rare path."""
        if metric.name not in self._catalogue:
            raise ValueError(f"{metric.name} is not in the catalogue of metrics: add it to domain/metrics.py")
        if metric.kind is not asked or len(labels) != len(metric.labels):
            raise ValueError(
                f"{metric.name} is a {metric.kind} with labels {metric.labels}, "
                f"but was asked for as a {asked} with {labels}"
            )
        return tuple(self._bound(*pair) for pair in zip(metric.labels, labels, strict=True))

    def _shown(self, label: str, value: str) -> bool:
        places = (
            (name, metric.labels.index(label))
            for name, metric in self._catalogue.items()
            if label in metric.labels
        )
        return any(labels[at] == value for name, at in places for labels in self._all(name))

    def _bound(self, label: str, value: str) -> str:
        seen = self._seen.get(label)
        if seen is None or value in seen:
            return value
        if len(seen) >= LABEL_BOUNDS[label]:
            return OTHER
        seen.add(value)
        return value


class _Counter:
    """One series: what it has come to."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, value: float) -> None:
        self.value += value


class _Histogram:
    """One series: how many values fell into each bucket, the last one without a bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def samples(self, name: str, labels: _Labels) -> Iterator[Sample]:
        """Its parts, the buckets cumulative."""
        upper = (*(str(float(bound)) for bound in self.bounds), "+Inf")
        for le, count in zip(upper, accumulate(self.counts), strict=True):
            yield Sample(name, "_bucket", labels, le, float(count))
        yield Sample(name, "_count", labels, "", float(sum(self.counts)))
        yield Sample(name, "_sum", labels, "", self.sum)


def exposition_of(report: Report, catalogue: Sequence[Metric] = CATALOGUE) -> bytes:
    """A report, merged from those of several processes, in the same text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reported(report, catalogue))
    return generate_latest(registry)


class _Reported(Collector):
    """What was reported, as the exposition wants it; in the order of the catalogue."""

    def __init__(self, report: Report, catalogue: Sequence[Metric]) -> None:
        self._report = report
        self._catalogue = catalogue

    def collect(self) -> Iterator[ShownMetric]:
        shown = {metric.name: _family(metric) for metric in self._catalogue}
        labels = {metric.name: metric.labels for metric in self._catalogue}
        for sample in self._report:
            named = dict(zip(labels[sample.metric], sample.labels, strict=True))
            if sample.le:
                named["le"] = sample.le
            shown[sample.metric].add_sample(sample.metric + sample.suffix, named, sample.value)
        yield from shown.values()


def _family(metric: Metric) -> ShownMetric:
    """Counters are told without their `_total`, which the text format adds."""
    name = metric.name.removesuffix("_total") if metric.kind is Kind.COUNTER else metric.name
    return ShownMetric(name, metric.help, metric.kind.value)
