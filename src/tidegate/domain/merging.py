"""One exposition for several processes: counters and histograms add up, gauges as the catalogue says."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tidegate.domain.metric import LABEL_BOUNDS, OTHER, Across, Kind, Metric


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One number of one process: of catalogue entry `metric`, with its label values in the entry's order.

    `suffix` and `le` are of a histogram's parts (`_bucket`, `_sum`, `_count`), else empty.
    """

    metric: str
    suffix: str
    labels: tuple[str, ...]
    le: str
    value: float


Report = Sequence[Sample]
"""All numbers of one process, or of several merged."""

_Key = tuple[str, str, tuple[str, ...], str]


def merge(reports: Iterable[Report], catalogue: Mapping[str, Metric]) -> list[Sample]:
    """The reports as one, in the order in which their samples first came; what `catalogue` lacks is left out.

    A process of another version may know other names, or other labels of a name.
    """
    merged: dict[_Key, float] = {}
    for report in reports:
        for sample in report:
            metric = catalogue.get(sample.metric)
            if metric is None or len(sample.labels) != len(metric.labels):
                continue
            key = (sample.metric, sample.suffix, sample.labels, sample.le)
            known = merged.get(key)
            merged[key] = sample.value if known is None else _join(metric, known, sample.value)
    return [Sample(*key, value) for key, value in merged.items()]


def lasting(report: Report, catalogue: Mapping[str, Metric]) -> list[Sample]:
    """What stays of a process that has ended: its counts. A gauge says what is, and that process is not."""
    return [
        sample
        for sample in report
        if sample.metric in catalogue and catalogue[sample.metric].kind is not Kind.GAUGE
    ]


def bound(
    report: Report, catalogue: Mapping[str, Metric], seen: Mapping[str, frozenset[str]]
) -> tuple[list[Sample], dict[str, frozenset[str]]]:
    """The report with at most LABEL_BOUNDS names a label, and the names it shows.

    Names in `seen`, shown the last time, come first, so that a series does not change its name from scrape to
    scrape; one that nothing shows any longer makes room. Beyond the bound a name is `other`.
    """
    shown = {label: _chosen(label, report, catalogue, seen) for label in LABEL_BOUNDS}
    renamed = [
        msgspec.structs.replace(sample, labels=_renamed(catalogue[sample.metric], sample, shown))
        for sample in report
    ]
    return merge([renamed], catalogue), shown


def _join(metric: Metric, one: float, other: float) -> float:
    if metric.kind is not Kind.GAUGE or metric.across is Across.SUM:
        return one + other
    return min(one, other) if metric.across is Across.MIN else max(one, other)


def _chosen(
    label: str, report: Report, catalogue: Mapping[str, Metric], seen: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    before = seen.get(label, frozenset())
    asked = dict.fromkeys(
        value
        for sample in report
        for name, value in zip(catalogue[sample.metric].labels, sample.labels, strict=True)
        if name == label and value != OTHER
    )
    ordered = sorted(asked, key=lambda value: value not in before)
    return frozenset(ordered[: LABEL_BOUNDS[label]])


def _renamed(metric: Metric, sample: Sample, shown: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    return tuple(
        value if name not in shown or value in shown[name] else OTHER
        for name, value in zip(metric.labels, sample.labels, strict=True)
    )
