"""What an entry of the metrics catalogue says."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """The three Prometheus types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Across(StrEnum):
    """What one number says for several processes: of a gauge their sum, their largest or their least."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: base units, closed label sets; `buckets` are upper bounds of a histogram.

    A gauge says by `across` how the workers of one machine show as one; counters and histograms add up.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    across: Across | None = None


OTHER = "other"
"""The value that stands for all values of a bounded label beyond its bound."""

LABEL_BOUNDS: dict[str, int] = {"skill": 100, "model": 100, "rollout": 100, "target": 100, "credential": 100}
"""How many distinct values each label of names may take in one process; further ones become `other`."""
