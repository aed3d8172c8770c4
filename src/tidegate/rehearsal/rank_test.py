"""By how much one sample lies above another, without a distribution: Hodges and Lehmann (1963).

The estimate is the median of all differences; its confidence interval are the differences whose ranks the
Mann-Whitney statistic would reach by chance (normal approximation), as in R's `wilcox.test` with `conf.int`.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, median


def location_shift(one: Sequence[float], other: Sequence[float], confidence: float) -> tuple[float, float]:
    """The interval's lower bound, and the estimate, of how far `one` lies above `other`; none is empty."""
    differences = sorted(a - b for a in one for b in other)
    n, m = len(one), len(other)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rank = math.floor(n * m / 2 - z * math.sqrt(n * m * (n + m + 1) / 12))
    return differences[max(0, rank)], median(differences)
