"""How an answer's bytes reach the client: at once, paced like a model, or damaged by a fault."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

import msgspec

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.emulator.message import UsageOut

SLOW_PIECES = 16


class Ending(StrEnum):
    """What happens to the connection after the last step."""

    COMPLETE = "complete"
    CUT = "cut"
    RESET = "reset"
    HALF_CLOSE = "half_close"
    HANG = "hang"


class Told(NamedTuple):
    """A usage report within an answer: which model's, and what it adds to the reports before it."""

    model: str
    usage: UsageOut


class Step(NamedTuple):
    """Wait this many seconds, then send these bytes of the body; `told` where they end a usage report."""

    wait: float
    data: bytes
    told: Told | None = None


class Delivery(msgspec.Struct, frozen=True):
    """The body in steps; `head_first` is False where not even the head is sent before the ending."""

    steps: tuple[Step, ...]
    ending: Ending = Ending.COMPLETE
    head_first: bool = True

    @property
    def immediate(self) -> bool:
        """Whether it is one write with nothing to wait for."""
        return self.ending is Ending.COMPLETE and not any(step.wait for step in self.steps)


def delayed(delivery: Delivery, seconds: float) -> Delivery:
    """The same, beginning later."""
    first, *rest = delivery.steps or (Step(0.0, b""),)
    return msgspec.structs.replace(delivery, steps=(first._replace(wait=first.wait + seconds), *rest))


def damaged(delivery: Delivery, fault: Fault, error_event: bytes) -> Delivery:
    """The delivery under one fault; `error_event` is what a `stream_error` ends with."""
    match fault.kind:
        case "latency":
            return delayed(delivery, fault.seconds or 0.0)
        case "slow":
            return _stretched(delivery, fault.seconds or 0.0, fault.after_bytes or 0)
        case "hang" if fault.seconds is not None:
            return delayed(delivery, fault.seconds)
        case "hang":
            return Delivery((), Ending.HANG, head_first=False)
        case "reset" | "half_close" if fault.after_bytes is None:
            return Delivery((), Ending(fault.kind), head_first=False)
        case "reset" | "half_close" | "cut":
            return Delivery(tuple(_kept(delivery.steps, fault.after_bytes)), Ending(fault.kind))
        case "stream_error":
            kept = _kept(delivery.steps, fault.after_bytes)
            return Delivery((*_whole_events(kept), Step(0.0, error_event)))
        case "status":
            return delivery


def _stretched(delivery: Delivery, seconds: float, after_bytes: int) -> Delivery:
    """The same bytes with `seconds` more spread evenly over those steps that begin after so many of them."""
    pieces = delivery.steps if len(delivery.steps) > 1 else _pieces(delivery.steps)
    begins = accumulate((len(piece.data) for piece in pieces), initial=0)
    late = [begin >= after_bytes for begin in begins][: len(pieces)]
    extra = seconds / max(sum(late), 1)
    steps = (
        piece._replace(wait=piece.wait + extra * is_late) for piece, is_late in zip(pieces, late, strict=True)
    )
    return msgspec.structs.replace(delivery, steps=tuple(steps))


def _pieces(steps: Sequence[Step]) -> tuple[Step, ...]:
    data = b"".join(step.data for step in steps)
    size = max(-(-len(data) // SLOW_PIECES), 1)
    wait = steps[0].wait if steps else 0.0
    cut = [data[place : place + size] for place in range(0, len(data), size)] or [b""]
    told = [None] * (len(cut) - 1) + [steps[-1].told if steps else None]
    return tuple(Step(wait if place == 0 else 0.0, piece, told[place]) for place, piece in enumerate(cut))


def _kept(steps: Sequence[Step], after_bytes: int | None) -> list[Step]:
    """The steps up to `after_bytes` of the body; half of it where that is not given."""
    room = sum(len(step.data) for step in steps) // 2 if after_bytes is None else after_bytes
    kept: list[Step] = []
    for step in steps:
        if room <= 0:
            break
        whole = len(step.data) <= room
        kept.append(Step(step.wait, step.data[:room], step.told if whole else None))
        room -= len(step.data)
    return kept


def _whole_events(steps: Sequence[Step]) -> list[Step]:
    """Without a torn last event: the error event must begin on its own line."""
    kept = list(steps)
    while kept and not kept[-1].data.endswith(b"\n\n"):
        kept.pop()
    return kept
