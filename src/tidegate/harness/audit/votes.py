"""Attacks by votes: a thumb on another tenant's answer would steer what is rolled out to that tenant."""

import asyncio
from collections.abc import Sequence

import msgspec

from tidegate.harness.audit.judgement import Outcome, failed, judged, not_shown
from tidegate.harness.audit.target import Target

COUNTED = "counted"
LEDGER_SECONDS = 10.0
"""Until an exchange is in the ledger at the latest; it takes one or two batches."""
_UNKNOWN = "msg_audit_nobody_was_given"


class Row(msgspec.Struct):
    """An exchange as the ledger's export tells it."""

    id: str
    tenant: str
    message_id: str | None = None


class _Message(msgspec.Struct):
    id: str = ""


class _Kept(msgspec.Struct):
    status: str = ""


async def others_vote(target: Target) -> Outcome:
    """Votes on another tenant's exchange by each of its names, before and after it has come to the ledger.

    The first vote that an exchange's own tenant gives counts, unless another's has counted before it.
    """
    message = await _asked(target)
    early = await _voted(target, "client-b", (message,))
    row = await recorded(target, message)
    if row is None:
        return not_shown(f"the exchange {message!r} did not come to the ledger in {LEDGER_SECONDS:g} s")
    late = await _voted(target, "client-b", (message, row.id))
    unknown = await _voted(target, "client-b", (_UNKNOWN,))
    own = await _voted(target, "client-a", (row.id,))
    told = f"another tenant's votes are answered {early + late}, an unknown id {unknown}, its own {own}"
    if COUNTED in early + late or own == ["repeated"]:
        return failed(f"a vote of another tenant's was counted: {told}")
    if own != [COUNTED]:
        return not_shown(f"its own tenant's vote does not count either: {told}")
    return judged({*early, *late} != {*unknown}, told)


async def recorded(target: Target, message: str) -> Row | None:
    """The exchange of a message, once it is in the ledger; None where it does not come."""
    deadline = asyncio.get_running_loop().time() + LEDGER_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        lines = (await target.call("operator", "GET", "/api/ledger/export")).content.splitlines()
        rows = (msgspec.json.decode(line, type=Row) for line in lines)
        found = next((row for row in rows if row.message_id == message), None)
        if found is not None:
            return found
        await asyncio.sleep(0.05)  # the ledger takes exchanges in batches; nothing tells that one was taken
    return None


async def exchange(target: Target) -> Row | None:
    """An exchange of tenant `audit-a` that is in the ledger; None where none comes there."""
    return await recorded(target, await _asked(target))


async def _asked(target: Target) -> str:
    """The id of the message that answers a client of tenant `audit-a`."""
    answer = await target.ask("client-a", "Hello.")
    return msgspec.json.decode(answer.content, type=_Message).id


async def _voted(target: Target, key: str, names: Sequence[str]) -> list[str]:
    """What is said to votes on what is named so: `counted`, `repeated` or `parked`, else the status."""
    told: list[str] = []
    for name in names:
        answer = await target.call(key, "POST", "/v1/feedback", json={"request_id": name, "vote": "down"})
        kept = msgspec.json.decode(answer.content, type=_Kept)
        told.append(kept.status or str(answer.status_code))
    return told
