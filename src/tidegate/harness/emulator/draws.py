"""Seeded draws: a pure function of seed, request number and purpose, so that every run can be repeated."""

import math
from hashlib import blake2b
from statistics import NormalDist

_STANDARD_NORMAL = NormalDist()


def digest(seed: int, *parts: bytes) -> int:
    """A 64-bit number that depends on the seed and on every part."""
    hasher = blake2b(b"%d" % seed, digest_size=8)
    for part in parts:
        hasher.update(b"\0")
        hasher.update(part)
    return int.from_bytes(hasher.digest())


def uniform(seed: int, request: int, purpose: str) -> float:
    """A number in (0, 1), the same for the same seed, request number and purpose."""
    return (digest(seed, b"%d" % request, purpose.encode()) + 0.5) / 2**64


def lognormal(median: float, sigma: float, share: float) -> float:
    """The quantile `share` in (0, 1) of the lognormal law with this median and log-scale spread."""
    if median <= 0 or sigma <= 0:
        return max(median, 0.0)
    # 2**-53 keeps the quantile finite where rounding took the share to 0 or 1
    safe = min(max(share, 2**-53), 1 - 2**-53)
    return median * math.exp(sigma * _STANDARD_NORMAL.inv_cdf(safe))
