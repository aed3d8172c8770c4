"""The loop's bookkeeping: turns, tokens and moves of one exchange, whether it is streamed or not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import msgspec

from tidegate.domain import metrics
from tidegate.domain.hosted import OUT_OF_TOKENS, Move, Spent, next_move
from tidegate.ports import Clock, Meter, Prices, UpstreamFailure, UpstreamResponse
from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.follow_up import UNLIMITED, Allowance, allowance, follow_up
from tidegate.serving.hosted.plan import Plan, Round
from tidegate.serving.hosted.turn import Ended, Turn
from tidegate.serving.hosted.turn_usage import reported, summed
from tidegate.serving.metering import Draft

Send = Callable[[bytes], Awaitable[UpstreamResponse]]
"""Sends a further turn's body where the first one went; raises UpstreamFailure."""


class Settled(msgspec.Struct, frozen=True):
    """What became of a turn: the calls that the client does not see, by id, and ids that it sees instead.

    `last`: the client's answer ends here, with `stop_reason` where that is not the turn's own.
    """

    ended: Ended
    move: Move
    limit: str = ""
    hidden: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = {}
    stop_reason: str = ""

    @property
    def last(self) -> bool:
        return self.move not in (Move.CONTINUE, Move.RUN, Move.LAST)

    @property
    def visible(self) -> list[Block]:
        """The blocks that the client gets."""
        return [block for block in self.ended.blocks if block.id not in self.hidden]


class Loop:
    """Judges each turn of one exchange, bills it at its own price, and makes the request of the next.

    `deadline` is the exchange's, in event-loop time: no tool works beyond it.
    """

    def __init__(
        self,
        draft: Draft,
        plan: Plan,
        body: bytes,
        deadline: float,
        *,
        prices: Prices,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._draft = draft
        self._plan = plan
        self._body = body
        self._deadline = deadline
        self._prices = prices
        self._meter = meter
        self._clock = clock
        self._started = clock.monotonic()
        self._allowance: Allowance | None = None
        self._rounds: list[Round] = []
        self._warned = False
        self.usage: dict[str, object] = {}
        """Of all turns together."""
        self.turns = 1

    def bill(self, turn: Turn) -> None:
        """Bill a turn, once, also one that broke off: what it reported is used."""
        if turn.billed:
            return
        turn.billed = True
        self.usage = summed(self.usage, turn.usage)
        self._draft.bill(turn.model or self._draft.model, reported(turn.usage), self._prices)

    def settle(self, ended: Ended) -> Settled:
        """Bill a finished turn and decide what comes next; raises UpstreamFailure beyond the limits."""
        self.bill(ended.turn)
        decided = next_move(ended.said(self._ours), self._spent(), self._plan.limits)
        if decided.limit:
            self._draft.skill_errors += (f"limit_{decided.limit}",)
        if decided.move is Move.FAIL:
            raise UpstreamFailure(
                "hosted_limit",
                f"the model goes on calling skill tools after {self.turns} turns; ask again",
            )
        settled = Settled(
            ended,
            decided.move,
            decided.limit,
            hidden=frozenset(block.id for block in ended.blocks if self._ours(block)),
            stop_reason=OUT_OF_TOKENS if decided.move is Move.CUT else "",
        )
        self._rounds.append(Round(len(settled.visible), ended.blocks))
        if decided.move is Move.SEAL and self._plan.desk is not None:
            known, sealed = self._plan.desk.sealed(self._rounds)
            return msgspec.structs.replace(settled, renamed={known: sealed})
        return settled

    async def next_body(self, settled: Settled) -> bytes:
        """The next turn's request, its calls answered.

        Raises UpstreamFailure where a switch has fallen, or the time is up.
        """
        calls = [block for block in settled.ended.blocks if block.id in settled.hidden]
        results = await self._results(calls, settled)
        if not self._plan.allowed():
            raise UpstreamFailure("switch", "the skill was switched off while it was answering; ask again")
        self._body = follow_up(
            self._body,
            settled.ended.blocks,
            results,
            max_tokens=self._allowed().unused(self._output()),
            container=settled.ended.turn.container,
        )
        self.turns += 1
        self._draft.turns += 1
        self._meter.add(metrics.HOSTED_TURNS, (settled.move.value,))
        return self._body

    async def _results(self, calls: list[Block], settled: Settled) -> list[bytes]:
        desk = self._plan.desk
        if desk is None or not calls:
            return []
        if settled.move is Move.LAST:
            self._warned = True
            return list(desk.refusals(calls, settled.limit))
        now = self._clock.monotonic()
        left = min(self._plan.limits.seconds - (now - self._started), self._deadline - now)
        try:
            async with asyncio.timeout_at(self._deadline):
                return list(await desk.answers(calls, left))
        except TimeoutError as error:
            raise UpstreamFailure("timeout", "the exchange's time was up while a tool worked") from error

    def _ours(self, block: Block) -> bool:
        return self._plan.desk is not None and self._plan.desk.ours(block)

    def _spent(self) -> Spent:
        return Spent(
            turns=self.turns,
            seconds=self._clock.monotonic() - self._started,
            tokens=sum(self._used(name) for name in _COUNTED),
            output_left=self._allowed().left(self._output()),
            warned=self._warned,
        )

    def _allowed(self) -> Allowance:
        """What the client allows, read once, of the first body: no turn is judged before it is asked."""
        if self._allowance is None:
            self._allowance = allowance(self._body) if self._plan.limited else UNLIMITED
        return self._allowance

    def _output(self) -> int:
        return self._used("output_tokens")

    def _used(self, name: str) -> int:
        value = self.usage.get(name)
        return value if isinstance(value, int) else 0


_COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def told(usage: Mapping[str, object], said: object) -> dict[str, object]:
    """The usage of all turns as a client is told it: the members its last turn named, and the four counts."""
    named = cast("Mapping[str, object]", said if isinstance(said, dict) else {})
    return {key: value for key, value in usage.items() if key in named or key in _COUNTED}
