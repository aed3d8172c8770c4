"""Exact tests of counts."""

import math
from collections.abc import Iterator


def most_allowed(count: int, share: float, alpha: float = 0.05) -> int:
    """How many of `count` may be bad so that the true share is below `share` with 1 - alpha confidence.

    -1 where `count` is too small for any; Clopper and Pearson (1934).
    """
    total, bad = 0.0, -1
    for k, term in enumerate(_terms(count, share, count + 1)):
        total += math.exp(term)
        if total > alpha:
            break
        bad = k
    return bad


def needed(share: float, alpha: float = 0.05) -> int:
    """The smallest count of which none may be bad."""
    return math.ceil(math.log(alpha) / math.log1p(-share))


def surely_more(bad: int, count: int, share: float, alpha: float = 0.05) -> bool:
    """Whether so many bad ones say with 1 - alpha confidence that the true share is above `share`."""
    fewer = math.fsum(math.exp(term) for term in _terms(count, share, bad))
    return 1 - fewer <= alpha


def by_luck(better: int, worse: int) -> float:
    """How likely at least so many are better by chance, where either is as likely (sign test, one-sided)."""
    count = better + worse
    return math.fsum(math.exp(_log_choose(count, k) - count * math.log(2)) for k in range(better, count + 1))


def more_often(bad: int, count: int, other_bad: int, other_count: int) -> float:
    """How likely at least so many bad ones are by chance, if both shares are the same (Fisher, one-sided)."""
    all_bad, whole = bad + other_bad, count + other_count
    log_all = _log_choose(whole, all_bad)
    return math.fsum(
        math.exp(_log_choose(count, k) + _log_choose(other_count, all_bad - k) - log_all)
        for k in range(bad, min(count, all_bad) + 1)
    )


def _terms(count: int, share: float, below: int) -> Iterator[float]:
    """The logarithms of the binomial chances of 0, 1, … bad ones."""
    log_p, log_q = math.log(share), math.log1p(-share)
    return (_log_choose(count, k) + k * log_p + (count - k) * log_q for k in range(below))


def _log_choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
