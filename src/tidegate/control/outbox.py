"""Deliver notices, at least once; a receiver knows a repeated one by its id."""

import logging

import msgspec

from tidegate.control.approval_links import LINK_NOTICE
from tidegate.domain.metrics import NOTIFICATIONS
from tidegate.ports import Clock, Meter, Notice, Outbox

_BATCH = 100

_log = logging.getLogger("tidegate.notices")


async def deliver_notices(outbox: Outbox, clock: Clock, meter: Meter) -> int:
    """Write each waiting notice to the log, then mark it delivered; returns how many were waiting.

    A crash between the two writes it again at the next look, never not at all.
    """
    waiting = await outbox.pending(_BATCH)
    for notice in waiting:
        _write(notice)
        await outbox.delivered(notice.id, clock.now())
        meter.add(NOTIFICATIONS, (notice.kind, "delivered"))
    return len(waiting)


def _told(notice: Notice) -> str:
    """A link that promotes in somebody's name is not for the log, which many read."""
    if notice.kind != LINK_NOTICE:
        return bytes(notice.data).decode()
    said = msgspec.json.decode(notice.data, type=dict[str, object])
    return msgspec.json.encode(said | {"link": "left out of the log"}).decode()


def _write(notice: Notice) -> None:
    _log.info(
        "notice",
        extra={
            "id": notice.id,
            "kind": notice.kind,
            "subject": notice.subject,
            "data": _told(notice),
        },
    )
