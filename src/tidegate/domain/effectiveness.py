"""How effective a skill version is: one score from 0 to 1, from decayed hourly sums over the ledger.

Four parts, each from 0 to 1: success (the skill path answered), savings (against requests that wanted the
skill and did not get it: full marks at the promised 35 %), speed (the other requests' seconds over its own,
at most 1) and feedback (thumbs up). Shares are drawn to one half by a few pseudo-observations, so that the
first answers do not decide. A part that has too little to go by is left out and its weight spread.
"""

from collections.abc import Iterable, Mapping
from math import exp, log
from operator import add
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Exchange, Outcome, SkillUse

HOUR = 3600
HALF_LIFE_SECONDS = 24 * 3600.0
KEPT_SECONDS = 14 * 24 * 3600.0
"""Sums older than this weigh less than 10⁻⁴ and are not read."""

ENOUGH = 30.0
"""Decayed requests that success, and each side of savings and speed, needs."""

ENOUGH_VOTES = 5.0
PSEUDO_REQUESTS = 20.0
PSEUDO_VOTES = 10.0
FULL_SAVINGS = 0.35
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"success": 0.5, "savings": 0.2, "speed": 0.1, "feedback": 0.2}
)
_SILENT = frozenset({Outcome.CLIENT_ERROR, Outcome.POLICY_DENIED, Outcome.CLIENT_CLOSED})
"""Outcomes that say nothing of the skill."""


# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_OK: Final = Outcome.OK


class SkillCell(NamedTuple):
    """Where sums belong: a skill version, the hour's begin in epoch seconds, and whether it was served."""

    name: str
    version: int
    hour: int
    served: bool


class SkillSums(msgspec.Struct, frozen=True):
    """What an hour came to; cost in 10⁻¹² dollars and time in ms as integers: the sum is exact in any order.

    `ok`: the skill path answered; `answered` exchanges and their `milliseconds`; `priced` ones, their cost.
    """

    requests: int = 0
    ok: int = 0
    priced: int = 0
    cost_picos: int = 0
    answered: int = 0
    milliseconds: int = 0
    up: int = 0
    down: int = 0

    def __add__(self, other: "SkillSums") -> "SkillSums":
        return SkillSums(*map(add, msgspec.structs.astuple(self), msgspec.structs.astuple(other)))


NO_SUMS = SkillSums()


class Part(msgspec.Struct, frozen=True):
    """One part of a score: its value, None where `count` (decayed observations) is too small, its weight."""

    name: str
    value: float | None
    weight: float
    count: float


class Effectiveness(msgspec.Struct, frozen=True):
    """A score from 0 to 1 and what it is made of; None where too few requests were served to tell."""

    score: float | None
    parts: tuple[Part, ...]


def sum_skills(exchanges: Iterable[Exchange]) -> dict[SkillCell, SkillSums]:
    """What a batch of exchanges adds, by cell; a cached answer says nothing of a skill and is left out."""
    sums: dict[SkillCell, tuple[int, ...]] = {}
    for exchange in exchanges:
        if exchange.outcome in _SILENT or exchange.cache in ("hit", "shared"):
            continue
        uses, served, more = _added(exchange)
        for use in uses:
            cell = SkillCell(use.name, use.version, _hour(exchange.finished_at), served)
            known = sums.get(cell)
            sums[cell] = more if known is None else tuple(map(add, known, more))
    return {cell: SkillSums(*totals) for cell, totals in sums.items()}


def vote_cells(exchange: Exchange, vote: str, at: float) -> dict[SkillCell, SkillSums]:
    """What a counted vote adds to the skills that its answer was made with."""
    if exchange.fallback is not None:
        return {}
    added = SkillSums(up=1) if vote == "up" else SkillSums(down=1)
    return {SkillCell(use.name, use.version, _hour(at), True): added for use in exchange.skills}


def effectiveness(sums: Mapping[tuple[int, bool], SkillSums], now: float) -> Effectiveness:
    """The score of one skill version from its sums by (hour, served), at `now` in epoch seconds."""
    served, without = _decayed(sums, True, now), _decayed(sums, False, now)
    parts = (
        _share("success", served["ok"], served["requests"], ENOUGH, PSEUDO_REQUESTS),
        _savings(served, without),
        _speed(served, without),
        _share("feedback", served["up"], served["up"] + served["down"], ENOUGH_VOTES, PSEUDO_VOTES),
    )
    told = [part for part in parts if part.value is not None]
    if parts[0].value is None:
        return Effectiveness(None, parts)
    weight = sum(part.weight for part in told)
    return Effectiveness(sum(part.weight * (part.value or 0.0) for part in told) / weight, parts)


def _added(exchange: Exchange) -> tuple[tuple[SkillUse, ...], bool, tuple[int, ...]]:
    """Which skills an exchange speaks of, whether it was served them, and what it adds to each."""
    if exchange.skills and exchange.skill_outcome is not None:
        return exchange.skills, True, _counts(exchange, ok=exchange.skill_outcome is _OK)
    if exchange.wanted:
        return exchange.wanted, False, _counts(exchange, ok=exchange.outcome is _OK)
    return (), False, ()


def _counts(exchange: Exchange, *, ok: bool) -> tuple[int, ...]:
    """In the order of the fields of SkillSums."""
    cost = exchange.cost_usd
    answered = exchange.outcome is _OK
    return (
        1,
        int(ok),
        int(cost is not None),
        0 if cost is None else round(cost * PICOS),
        int(answered),
        round(exchange.seconds * 1000) if answered else 0,
        0,
        0,
    )


def _hour(at: float) -> int:
    return int(at // HOUR) * HOUR


def _decayed(sums: Mapping[tuple[int, bool], SkillSums], served: bool, now: float) -> dict[str, float]:
    totals = dict.fromkeys(SkillSums.__struct_fields__, 0.0)
    for (hour, side), each in sums.items():
        age = max(0.0, now - (hour + HOUR / 2))
        if side is served and age < KEPT_SECONDS:
            weight = exp(-log(2) * age / HALF_LIFE_SECONDS)
            for name in totals:
                totals[name] += weight * getattr(each, name)
    return totals


def _share(name: str, good: float, all_: float, enough: float, pseudo: float) -> Part:
    value = (good + pseudo / 2) / (all_ + pseudo) if all_ >= enough else None
    return Part(name, value, WEIGHTS[name], all_)


def _savings(served: Mapping[str, float], without: Mapping[str, float]) -> Part:
    count = min(served["priced"], without["priced"])
    value = None
    if count >= ENOUGH and without["cost_picos"] > 0:
        saved = 1 - _mean(served, "cost_picos", "priced") / _mean(without, "cost_picos", "priced")
        value = min(1.0, max(0.0, saved / FULL_SAVINGS))
    return Part("savings", value, WEIGHTS["savings"], count)


def _speed(served: Mapping[str, float], without: Mapping[str, float]) -> Part:
    count = min(served["answered"], without["answered"])
    value = None
    if count >= ENOUGH and served["milliseconds"] > 0:
        quotient = _mean(without, "milliseconds", "answered") / _mean(served, "milliseconds", "answered")
        value = min(1.0, quotient)
    return Part("speed", value, WEIGHTS["speed"], count)


def _mean(totals: Mapping[str, float], what: str, over: str) -> float:
    return totals[what] / totals[over]
