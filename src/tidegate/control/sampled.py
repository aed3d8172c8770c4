"""Which past traffic a caller asks for, and may see."""

from collections.abc import Sequence

from tidegate.control.asked_period import asked_period
from tidegate.control.caller import Caller
from tidegate.domain.census import Sampled
from tidegate.domain.errors import Forbidden


def sampled_for(
    caller: Caller,
    since: str | None,
    until: str | None,
    now: float,
    *,
    tenants: Sequence[str] = ("*",),
    tasks: Sequence[str] = ("*",),
) -> Sampled:
    """What is asked for; a tenant's key asks for its tenant alone. Raises InvalidInput, Forbidden."""
    begin, end = asked_period(since, until, now)
    if not caller.everywhere:
        foreign = [tenant for tenant in tenants if tenant not in ("*", caller.tenant)]
        if foreign:
            raise Forbidden(f"this key is of tenant {caller.tenant}; it may not read of {', '.join(foreign)}")
        tenants = (caller.tenant,)
    return Sampled(since=begin, until=end, tenants=tuple(tenants), tasks=tuple(tasks))
