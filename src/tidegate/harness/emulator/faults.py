"""Faults that are switched while the emulator runs, each for a share of the requests it concerns."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.harness.emulator.draws import uniform

ENDING_KINDS = frozenset({"status", "hang", "cut", "reset", "half_close", "stream_error"})
"""Kinds that decide how the answer ends; where several strike, the first in the list does."""

_TIMED_KINDS = frozenset({"slow", "latency"})


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault.

    kind: `status` answers with `status` (and `retry_after` seconds); `hang` gives no answer (for `seconds`,
    or for ever); `cut` closes the connection after `after_bytes` of the body (half of it by default);
    `reset` resets it (before the head, or after `after_bytes`); `half_close` ends its own side of it there
    and waits for the client to close; `slow` spreads the body, or what follows `after_bytes`, over `seconds`;
    `latency` waits `seconds` before the head; `stream_error` ends a stream by `event: error` of type `error`.
    On the Skills API all but `status` strike after the call has done its work.
    """

    kind: Literal["status", "hang", "cut", "slow", "latency", "reset", "half_close", "stream_error"]
    status: int = 500
    share: float = 1.0
    skill: str | None = None
    model: str | None = None
    seconds: float | None = None
    after_bytes: int | None = None
    retry_after: float | None = None
    error: str = "overloaded_error"
    route: Literal["messages", "skills"] = "messages"
    """Which requests: messages and token counts, or the Skills API."""


class FaultList(msgspec.Struct, frozen=True):
    """The document of `PUT` and `GET /emulator/faults`."""

    faults: tuple[Fault, ...] = ()


class _Items(msgspec.Struct, forbid_unknown_fields=True):
    """The document before its items are looked at, so that a message can name the one that is wrong."""

    faults: list[msgspec.Raw]


def parse_faults(body: bytes) -> FaultList:
    """Read the document of `PUT /emulator/faults`; raises InvalidInput naming the item and what it allows."""
    try:
        items = msgspec.json.decode(body, type=_Items).faults
    except msgspec.DecodeError as problem:
        raise InvalidInput(f'faults: {problem}; send {{"faults": [{{"kind": "status", …}}]}}') from problem
    return FaultList(tuple(_parse_fault(index, item) for index, item in enumerate(items)))


def _parse_fault(index: int, item: msgspec.Raw) -> Fault:
    try:
        fault = msgspec.json.decode(item, type=Fault)
    except msgspec.DecodeError as problem:
        raise InvalidInput(f"faults.{index}: {problem}") from problem
    wrong = fault_problem(fault)
    if wrong:
        raise InvalidInput(f"faults.{index}.{wrong}")
    return fault


def fault_problem(fault: Fault) -> str | None:
    """What makes the fault impossible, or None."""
    if not 0 <= fault.share <= 1:
        return f"share: {fault.share} is not a share; give a number from 0 to 1"
    if not 400 <= fault.status <= 599:
        return f"status: {fault.status} is not an error status; give one from 400 to 599"
    if fault.kind in _TIMED_KINDS and fault.seconds is None:
        return f"seconds: missing; a fault of kind {fault.kind} needs it"
    for name, value in (("seconds", fault.seconds), ("retry_after", fault.retry_after)):
        if value is not None and not 0 <= value <= 86_400:
            return f"{name}: {value} is out of range; give 0 to 86400 seconds"
    if fault.after_bytes is not None and fault.after_bytes < 0:
        return f"after_bytes: {fault.after_bytes} is negative; give 0 or more"
    return None


def striking(
    faults: Sequence[Fault],
    *,
    seed: int,
    request: int,
    models: tuple[str, ...] = (),
    skills: frozenset[str] = frozenset(),
    route: str = "messages",
) -> list[Fault]:
    """The faults that strike this request, each by its own draw; of those that end an answer the first."""
    drawn = [
        fault
        for index, fault in enumerate(faults)
        if fault.route == route
        and (fault.skill is None or fault.skill in skills)
        and (fault.model is None or fault.model in models)
        and (fault.share >= 1 or uniform(seed, request, f"fault {index}") < fault.share)
    ]
    endings = [fault for fault in drawn if fault.kind in ENDING_KINDS]
    return [fault for fault in drawn if fault.kind not in ENDING_KINDS] + endings[:1]
