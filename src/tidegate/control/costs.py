"""What was used and what it cost, by tenant, key, skill or model: the ledger's sums as people read them."""

from collections.abc import Mapping

from tidegate.control.caller import Caller
from tidegate.control.services import Services
from tidegate.domain.account import Costs
from tidegate.domain.errors import InvalidInput
from tidegate.ports import LedgerQuery

DIMENSIONS = {"tenant": "tenant", "key": "key_id", "skill": "skills", "model": "model"}
"""What a person asks for, and the account's field it is summed by."""

Line = dict[str, object]


async def costs(services: Services, by: str, query: LedgerQuery) -> dict[str, object]:
    """`{"by", "lines", "total"}`, the dearest first; raises InvalidInput for another dimension.

    An exchange with several skills is in the line of each, so lines by skill may exceed the total.
    """
    if by not in DIMENSIONS:
        raise InvalidInput(f"by {by!r}: use one of {', '.join(DIMENSIONS)}")
    sums = await services.store.costs.by(DIMENSIONS[by], query)
    total = sum(sums.values(), Costs())
    found = _by_skill(sums) if by == "skill" else sums
    named = await _key_names(services) if by == "key" else {}
    ranked = sorted(found.items(), key=lambda each: (-each[1].cost_picos, -each[1].requests, each[0]))
    lines = [{by: name, **named.get(name, {}), **_line(each)} for name, each in ranked]
    return {"by": by, "lines": lines, "total": _line(total)}


def visible(query: LedgerQuery, caller: Caller) -> LedgerQuery:
    """The query within what the caller may see: its tenant alone, unless it sees the whole installation."""
    if caller.everywhere:
        return query
    return LedgerQuery(since=query.since, until=query.until, rollout=query.rollout, tenant=caller.tenant)


def _by_skill(sums: Mapping[str, Costs]) -> dict[str, Costs]:
    """From sets of skills to single ones; what was served with none has the empty name."""
    found: dict[str, Costs] = {}
    for names, each in sums.items():
        for name in names.split(","):
            found[name] = found.get(name, Costs()) + each
    return found


async def _key_names(services: Services) -> dict[str, Line]:
    keys = await services.store.keys.list()
    return {key.id: {"name": key.name, "tenant": key.tenant} for key in keys}


def _line(sums: Costs) -> Line:
    """One line as JSON shows it; without anything priced the cost is null, never 0."""
    return {
        "requests": sums.requests,
        "priced": sums.priced,
        "unpriced": sums.unpriced,
        "cache_hits": sums.cache_hits,
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "cache_read_tokens": sums.cache_read_tokens,
        "cache_write_5m_tokens": sums.cache_write_5m_tokens,
        "cache_write_1h_tokens": sums.cache_write_1h_tokens,
        "cost_usd": sums.usd if sums.priced else None,
    }
