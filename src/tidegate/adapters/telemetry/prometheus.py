"""The port Meter over prometheus_client: cached children, bounded labels, the text exposition."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import Metric as ShownMetric
from prometheus_client.registry import Collector

from tidegate.domain.merging import Report, Sample
from tidegate.domain.metrics import CATALOGUE, LABEL_BOUNDS, OTHER, Kind, Metric

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

_Family = Counter | Gauge | Histogram
_Record = Callable[[float], None]


class PrometheusMeter:
    """Metrics of one process in a registry of its own.

    Each (metric, label values) pair finds its child by two dictionary look-ups. A label of names
    (`LABEL_BOUNDS`) takes that many distinct values; any further one is counted as `other`.
    """

    def __init__(self, catalogue: Sequence[Metric] = CATALOGUE) -> None:
        disable_created_metrics()  # the text format shows creation times as gauges nobody asked for
        self._registry = CollectorRegistry(auto_describe=False)
        self._families = {metric.name: self._register(metric) for metric in catalogue}
        self._labels = {metric.name: metric.labels for metric in catalogue}
        self._children: dict[str, dict[tuple[str, ...], _Record]] = {metric.name: {} for metric in catalogue}
        self._seen: dict[str, set[str]] = {label: set() for label in LABEL_BOUNDS}

    def add(self, metric: Metric, labels: tuple[str, ...], value: float = 1.0) -> None:
        """Count: `value` is not negative."""
        try:
            record = self._children[metric.name][labels]
        except KeyError:
            record = self._child(metric, labels, Kind.COUNTER)
        record(value)

    def observe(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Put a value into a histogram."""
        try:
            record = self._children[metric.name][labels]
        except KeyError:
            record = self._child(metric, labels, Kind.HISTOGRAM)
        record(value)

    def set(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Set a gauge."""
        try:
            record = self._children[metric.name][labels]
        except KeyError:
            record = self._child(metric, labels, Kind.GAUGE)
        record(value)

    def clear(self, metric: Metric, labels: tuple[str, ...]) -> None:
        """Show these label values no more; a name that nothing shows any longer makes room for another."""
        if self._children[metric.name].pop(labels, None) is None:
            return
        self._families[metric.name].remove(*labels)
        for label, value in zip(metric.labels, labels, strict=True):
            if label in self._seen and not self._shown(label, value):
                self._seen[label].discard(value)

    def report(self) -> Report:
        """Every sample of this process, to be merged with those of others."""
        report: list[Sample] = []
        for name, labels in self._labels.items():
            for shown in self._families[name].collect():
                for sample in shown.samples:
                    values = tuple(sample.labels[label] for label in labels)
                    suffix = sample.name.removeprefix(name)
                    report.append(Sample(name, suffix, values, sample.labels.get("le", ""), sample.value))
        return report

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format, version 0.0.4 (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)

    def _register(self, metric: Metric) -> _Family:
        if metric.kind is Kind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=self._registry)
        if metric.kind is Kind.GAUGE:
            return Gauge(metric.name, metric.help, metric.labels, registry=self._registry)
        return Histogram(
            metric.name, metric.help, metric.labels, registry=self._registry, buckets=metric.buckets
        )

    def _child(self, metric: Metric, labels: tuple[str, ...], asked: Kind) -> _Record:
        """Find or make the child of new label values; the rare path."""
        family = self._families.get(metric.name)
        if family is None:
            raise ValueError(f"{metric.name} is not in the catalogue of metrics: add it to domain/metrics.py")
        if metric.kind is not asked or len(labels) != len(metric.labels):
            raise ValueError(
                f"{metric.name} is a {metric.kind} with labels {metric.labels}, "
                f"but was asked for as a {asked} with {labels}"
            )
        bounded = tuple(self._bound(*pair) for pair in zip(metric.labels, labels, strict=True))
        child = family.labels(*bounded) if bounded else family
        record = _recorder(child)
        if bounded == labels:  # a value beyond the bound is not kept, so that the cache is bounded as well
            self._children[metric.name][labels] = record
        return record

    def _shown(self, label: str, value: str) -> bool:
        places = ((name, names.index(label)) for name, names in self._labels.items() if label in names)
        return any(labels[at] == value for name, at in places for labels in self._children[name])

    def _bound(self, label: str, value: str) -> str:
        seen = self._seen.get(label)
        if seen is None or value in seen:
            return value
        if len(seen) >= LABEL_BOUNDS[label]:
            return OTHER
        seen.add(value)
        return value


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


def _recorder(child: _Family) -> _Record:
    if isinstance(child, Counter):
        return child.inc
    return child.set if isinstance(child, Gauge) else child.observe
