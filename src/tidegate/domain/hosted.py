"""What comes after a model's turn in the hosted loop: policy without effects."""

from enum import StrEnum

import msgspec

PAUSED = "pause_turn"
CALLED = "tool_use"
OUT_OF_TOKENS = "max_tokens"


class Move(StrEnum):
    """The next thing to do."""

    RELAY = "relay"
    """The answer is complete as it is."""
    CONTINUE = "continue"
    """The provider paused: let it go on."""
    RUN = "run"
    """Answer the gateway's calls, and let the model go on."""
    LAST = "last"
    """Tell the model why its calls are not run, and let it go on for one more turn."""
    SEAL = "seal"
    """The client has to answer calls first: hand it the gateway's calls, sealed, for safekeeping."""
    CUT = "cut"
    """The tokens that the client allowed are used up: the answer ends as `max_tokens`."""
    FAIL = "fail"
    """The model goes on calling beyond the limit: the skill path has failed."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How far one exchange may go: upstream turns, seconds, billed tokens of all turns together."""

    turns: int = 8
    seconds: float = 60.0
    tokens: int = 400_000


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A turn's end: why it stopped, and how many of its calls are the gateway's and the client's."""

    stop_reason: str
    gateway_calls: int = 0
    client_calls: int = 0


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange has used so far; `output_left`: tokens of `max_tokens` that another turn may have,
    None without a limit.

    `warned`: the model has been told of a limit and had its last turn.
    """

    turns: int
    seconds: float
    tokens: int
    output_left: int | None
    warned: bool = False


class Next(msgspec.Struct, frozen=True):
    """The move, and where it is because of a limit, which one: `turns`, `seconds` or `tokens`."""

    move: Move
    limit: str = ""


def next_move(said: Said, spent: Spent, limits: Limits) -> Next:
    """Judge a turn that has ended.

    A call that came with another stop reason is not complete and is not run. At a limit the model is told so
    and has one more turn; a pause at a limit is handed to the client, who can go on from it.
    """
    if said.gateway_calls and said.client_calls and said.stop_reason in (CALLED, PAUSED):
        return Next(Move.SEAL)
    paused = said.stop_reason == PAUSED and not said.client_calls and not said.gateway_calls
    called = said.stop_reason in (CALLED, PAUSED) and bool(said.gateway_calls)
    if not paused and not called:
        return Next(Move.RELAY)
    limit = limit_reached(spent, limits)
    if paused and limit:
        return Next(Move.RELAY, limit)
    if spent.warned:
        return Next(Move.FAIL, limit)
    if spent.output_left is not None and spent.output_left <= 0:
        return Next(Move.CUT)
    if paused:
        return Next(Move.CONTINUE)
    return Next(Move.LAST, limit) if limit else Next(Move.RUN)


def limit_reached(spent: Spent, limits: Limits) -> str:
    """Which limit leaves no room for another turn; empty where there is room."""
    if spent.turns >= limits.turns:
        return "turns"
    if spent.seconds >= limits.seconds:
        return "seconds"
    return "tokens" if spent.tokens >= limits.tokens else ""
