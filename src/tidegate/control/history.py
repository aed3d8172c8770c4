"""What happened to a rollout, and whether its record is unbroken."""

from collections.abc import Sequence

from tidegate.control.commit import stream
from tidegate.control.lookup import find_rollout
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain import chain
from tidegate.domain.rollout import Event


async def history(services: Services, name: str) -> list[dict[str, object]]:
    """Every event, oldest first, as JSON shows it; raises NotFound."""
    return [_describe(event) for event in await _events(services, name)]


async def verify(services: Services, name: str) -> dict[str, object]:
    """Whether the chain of events is whole; `broken_at` is the first place that was changed or removed."""
    events = await _events(services, name)
    broken = chain.verify(events, await services.store.rollouts.head(stream(name)))
    return {
        "rollout": name,
        "events": len(events),
        "intact": broken is None,
        "broken_at": broken,
        "head": events[-1].hash if events else None,
    }


async def _events(services: Services, name: str) -> Sequence[Event]:
    await find_rollout(services, name)
    return await services.store.rollouts.events(stream(name))


def _describe(event: Event) -> dict[str, object]:
    return {
        "seq": event.seq,
        "at": rfc3339(event.at),
        "actor": event.actor,
        "kind": event.kind,
        "reason": event.reason,
        "data": event.data,
        "previous_hash": event.previous_hash,
        "hash": event.hash,
    }
