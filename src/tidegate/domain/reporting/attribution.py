"""Where savings come from: each arm's cost a request, taken apart by skill and model, and by cause.

A part's `saved_usd` is what it costs of control's mean request less what it costs of the candidate's. Over
the parts of a table that adds up to the whole exactly, whatever the mix in either arm.

The causes do so too. With h the share answered from the result cache, and the others costing f each for t
tokens at a mean price p = f/t,

    (1-h_k) f_k - (1-h_c) f_c = (h_c-h_k) f_c + (1-h_k) (t_k-t_c) p_k + (1-h_k) t_c (p_k-p_c)
                                cache           tokens                  price

A token weighs what its kind usually costs beside one of input (`WEIGHTS`): the sum is exact whatever they
are, and with them a prompt that is read from the provider's cache is few tokens, not cheap ones.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tidegate.domain.account import PICOS
from tidegate.domain.exchange import Arm
from tidegate.domain.reporting.arms import tokens_of
from tidegate.domain.reporting.document import Attribution, Cause, Share, TokenKind, Tokens
from tidegate.domain.reporting.sums import Line

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"input": 1.0, "output": 5.0, "cache_read": 0.1, "cache_write_5m": 1.25, "cache_write_1h": 2.0}
)
"""The ratios of most published prices."""

_NO_SKILL = "(no skill)"
_NO_MODEL = "(unknown)"


def attribution(lines: Sequence[Line]) -> Attribution:
    """Of the priced, triggered requests of both arms that count."""
    rows = [line for line in lines if line.triggered and (line.counted or line.stage is None)]
    candidate, control = ([row for row in rows if row.arm is arm] for arm in (Arm.CANDIDATE, Arm.CONTROL))
    means = _mean(candidate), _mean(control)
    return Attribution(
        saved_usd=None if None in means else (means[1] or 0.0) - (means[0] or 0.0),
        skills=_shares(candidate, control, lambda row: row.skills.replace(",", ", ") or _NO_SKILL),
        models=_shares(candidate, control, lambda row: row.model or _NO_MODEL),
        causes=_causes(_Mean.of(candidate), _Mean.of(control)),
        tokens=_tokens(candidate, control),
    )


class _Mean(NamedTuple):
    """An arm's mean priced request: the share answered again, and cost and tokens of one that was not."""

    cached: float
    usd: float
    tokens: float

    @classmethod
    def of(cls, rows: Sequence[Line]) -> "_Mean | None":
        """None without a priced request that was asked of the provider."""
        fresh = [row for row in rows if not row.cached]
        priced, asked = sum(row.priced for row in rows), sum(row.priced for row in fresh)
        tokens = _weighed(tokens_of([row for row in fresh if row.priced]))
        if not (asked and tokens):
            return None
        usd = sum(row.cost_picos for row in fresh) / asked / PICOS
        return cls((priced - asked) / priced, usd, tokens / asked)


def _weighed(used: Tokens) -> float:
    return sum(weight * getattr(used, kind) for kind, weight in WEIGHTS.items())


def _causes(candidate: _Mean | None, control: _Mean | None) -> tuple[Cause, ...]:
    if candidate is None or control is None:
        return ()
    fresh = 1 - control.cached
    dear, cheap = control.usd / control.tokens, candidate.usd / candidate.tokens
    return (
        Cause(name="cache", saved_usd=(candidate.cached - control.cached) * candidate.usd),
        Cause(name="tokens", saved_usd=fresh * (control.tokens - candidate.tokens) * dear),
        Cause(name="price", saved_usd=fresh * candidate.tokens * (dear - cheap)),
    )


def _shares(
    candidate: Sequence[Line], control: Sequence[Line], name: Callable[[Line], str]
) -> tuple[Share, ...]:
    """The part of each name, what saves most first."""
    sides = [_grouped(candidate, name), _grouped(control, name)]
    wholes = [sum(row.priced for row in arm) for arm in (candidate, control)]
    shares = [
        Share(
            name=each,
            candidate_requests=sides[0].get(each, (0, 0))[0],
            control_requests=sides[1].get(each, (0, 0))[0],
            candidate_usd=_each(*sides[0].get(each, (0, 0))),
            control_usd=_each(*sides[1].get(each, (0, 0))),
            saved_usd=_saved([side.get(each, (0, 0))[1] for side in sides], wholes),
        )
        for each in sides[0].keys() | sides[1].keys()
    ]
    return tuple(sorted(shares, key=lambda share: (-(share.saved_usd or 0.0), share.name)))


def _grouped(rows: Sequence[Line], name: Callable[[Line], str]) -> dict[str, tuple[int, int]]:
    """Priced requests and their cost in 10⁻¹² dollars by name."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row.priced:
            priced, picos = found.get(name(row), (0, 0))
            found[name(row)] = priced + row.priced, picos + row.cost_picos
    return found


def _saved(picos: Sequence[int], wholes: Sequence[int]) -> float | None:
    if not all(wholes):
        return None
    return (picos[1] / wholes[1] - picos[0] / wholes[0]) / PICOS


def _each(priced: int, picos: int) -> float | None:
    return picos / priced / PICOS if priced else None


def _mean(rows: Sequence[Line]) -> float | None:
    return _each(sum(row.priced for row in rows), sum(row.cost_picos for row in rows))


def _tokens(candidate: Sequence[Line], control: Sequence[Line]) -> tuple[TokenKind, ...]:
    sides = [(tokens_of(arm), sum(row.requests for row in arm)) for arm in (candidate, control)]
    kinds: list[TokenKind] = []
    for kind in Tokens.__struct_fields__:
        means = [getattr(used, kind) / requests if requests else None for used, requests in sides]
        kinds.append(TokenKind(kind=kind, candidate=means[0], control=means[1]))
    return tuple(kinds)
