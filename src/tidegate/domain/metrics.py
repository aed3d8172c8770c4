"""The catalogue of metrics: a name not in it cannot be emitted (naming: Prometheus practices)."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """The three Prometheus types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: base units, closed label sets; `buckets` are upper bounds of a histogram."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
