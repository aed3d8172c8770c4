"""What is known of an exchange while it runs, the ledger's line it becomes, and the metrics it moves."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from tidegate.domain.access import KeyRecord
from tidegate.domain.assignment import judged_share
from tidegate.domain.chat.names import chat_id
from tidegate.domain.cost import cost
from tidegate.domain.exchange import Arm, Exchange, Outcome, Stakes, Usage
from tidegate.domain.rollout import Unit
from tidegate.ports import Prices
from tidegate.serving.assign import Assignment
from tidegate.serving.hold import Hold
from tidegate.serving.identity import Identity
from tidegate.serving.recordable import recordable
from tidegate.serving.usage import ReportedUsage

NOTHING = Usage()
NO_ASSIGNMENT = Assignment()

CHAT_ROUTE = "chat_completions"
EXCHANGES = frozenset({"messages", CHAT_ROUTE})
"""The routes whose calls are exchanges."""

NOBODY = Identity(unit="", source="", unit_hash="", conversation="", conversation_hash="", task="")
"""Of a request that was refused before it said whose it is."""


# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_CONTROL: Final = Arm.CONTROL


class Draft(msgspec.Struct, kw_only=True):
    """An exchange in progress; times by the event loop's clock but for `at`, in epoch seconds."""

    id: str
    at: float
    started: float
    key: KeyRecord
    ready_at: float = 0.0
    """When the request was here in full: a slow upload is no slowness of the gateway's, nor of a skill's."""
    asked_bytes: int = 0
    route: str = "messages"
    on_ledger: bool = True
    """Whether the ledger gets a line: not of a call that only counts tokens."""
    hold: Hold | None = None
    """What it holds of its key's and tenant's limits; None where nothing limits it."""
    revision: int = 0
    identity: Identity | None = None
    assignment: Assignment = NO_ASSIGNMENT
    stream: bool = False
    streamed: bool = False
    """The answer is a stream, whatever was asked."""
    model: str = ""
    """The model that answered, until then the one asked."""
    sent_at: float | None = None
    answered_at: float | None = None
    """When the first content byte came, or the answer where it is no stream."""
    attempts: int = 0
    turns: int = 1
    """Upstream turns of the hosted loop, over all attempts."""
    skill_errors: tuple[str, ...] = ()
    """What the gateway's tools could not do for the model, by reason; each reason as often as it happened."""
    composed: bool = False
    """Something was changed in the request: it is on the skill path, until the plain request is answered."""
    first_attempt_failed: bool = False
    skill_outcome: Outcome | None = None
    fallback: str | None = None
    cache: str | None = None
    """What the look-up for an answer to give again came to; None where none may be."""
    cache_key: str = ""
    message_id: str | None = None
    cut: bool = False
    """A call under way was broken off on this side: what it used by then is not all known."""
    crossed: bool = False
    """The answer is told in the client's dialect, which is not the upstream's; so is its id."""
    usage: Usage = NOTHING
    cost_usd: float | None = None
    unpriced: bool = False
    on_leave: Callable[[], None] | None = None
    """Where the upstream call outlives the client: sees to the record, when that call has ended."""
    recorded: bool = False
    amended: bool = False

    @property
    def untold(self) -> bool:
        """Nobody has said what it used, which need not have been nothing."""
        return self.usage is NOTHING and self.cost_usd is None and not self.unpriced

    def fell_back(self, reason: str) -> None:
        """Note one more step of the fallback chain and its reason, each once."""
        if self.fallback is None:
            self.fallback = reason
        elif reason not in self.fallback.split(","):
            self.fallback += f",{reason}"

    def note_skill_error(self, reason: str) -> None:
        """Put on record that one of the gateway's tools could not do what it was asked."""
        self.skill_errors += (reason,)

    def bill(self, model: str, reported: ReportedUsage | None, prices: Prices) -> None:
        """Add what one attempt used, at its own model's price."""
        if reported is None or reported.tidegate_unreported:
            return
        used = reported.billed()
        self.usage = used if self.usage is NOTHING else self.usage + used
        self._add_cost(model, used, prices)

    def cost_nothing(self, prices: Prices) -> None:
        """It used no tokens. Where the model has no price even that is unpriced: a mean over the priced
        exchanges must not be one over those that cost nothing."""
        self._add_cost(self.model, NOTHING, prices)

    def _add_cost(self, model: str, used: Usage, prices: Prices) -> None:
        price = prices.price(model)
        if price is None:
            self.unpriced = True
        else:
            self.cost_usd = (self.cost_usd or 0.0) + cost(used, price)

    def exchange(self, outcome: Outcome, status: int, now: float, monotonic: float) -> Exchange:
        """The ledger's line; its cost is None where nothing was reported or a model has no price."""
        served, rollout, identity = self.assignment, self.assignment.rollout, self.identity or NOBODY
        plain = Exchange(
            rollout=rollout.name if rollout else None,
            attempt=rollout.attempt if rollout else 0,
            stage=served.stage,
            stage_name=served.stage_name,
            stage_since=rollout.stage_since if rollout else 0.0,
            unit_kind=rollout.plan.unit if rollout else "user",
            arm=served.arm,
            triggered=served.triggered,
            counted=served.counted,
            skills=served.skills,
            wanted=served.triggers if served.arm is _CONTROL and not served.skills else (),
            id=self.id,
            at=self.at,
            finished_at=now,
            tenant=self.key.tenant,
            key_id=self.key.id,
            unit_hash=_unit_hash(identity, served),
            conversation_hash=identity.conversation_hash,
            task=identity.task,
            route=self.route,
            revision=self.revision,
            model=recordable(self.model),
            outcome=outcome,
            skill_outcome=self.skill_outcome,
            status=status,
            seconds=monotonic - self.started,
            first_token_seconds=self._first_token(),
            usage=self.usage,
            cost_usd=None if self.unpriced else self.cost_usd,
            attempts=self.attempts,
            first_attempt_failed=self.first_attempt_failed or self._late(monotonic),
            stream=self.stream,
            asked_bytes=self.asked_bytes,
            message_id=self._told_id(),
        )
        return self._remarked(plain, self._slow(monotonic))

    def _stakes(self) -> Stakes | None:
        """By what its cost is judged, where its rollout's savings can be certified."""
        served, rollout = self.assignment, self.assignment.rollout
        gate = rollout.plan.gates.savings if rollout else None
        if rollout is None or gate is None or gate.expected is None or served.stage is None:
            return None
        share = judged_share(rollout)
        by_request = rollout.plan.unit is Unit.REQUEST
        if share >= 1 or (by_request and not served.triggered):
            return None
        return Stakes(gate.expected.of(self.asked_bytes), gate.expected.cap, share, gate.min, gate.floor)

    def _slow(self, monotonic: float) -> int:
        """How many limits of the rollout's latency gate it exceeded."""
        rollout = self.assignment.rollout
        gate = rollout.plan.gates.latency if rollout else None
        if gate is None:
            return 0
        until = self.answered_at if gate.of == "first_token" and self.answered_at else monotonic
        return bisect_left(gate.limits, until - self.started)

    def _remarked(self, plain: Exchange, slow: int) -> Exchange:
        """With what is to be told of few exchanges only."""
        routed, stays, stakes = self.assignment.routed, self.assignment.stays, self._stakes()
        few = self.fallback or self.cache or routed or self.skill_errors or slow or stays or stakes
        if not few and self.turns == 1:
            return plain
        return replace(
            plain,
            turns=self.turns,
            stays=stays,
            slow=slow,
            stakes=stakes,
            fallback=self.fallback,
            cache=self.cache,
            cache_key=self.cache_key,
            routed=routed.tier if routed else None,
            skill_errors=self.skill_errors,
        )

    def _told_id(self) -> str | None:
        """The answer's id as the client knows it."""
        told = recordable(self.message_id) if self.message_id else self.message_id
        return chat_id(told) if self.crossed and told else told

    def _first_token(self) -> float | None:
        """Seconds to the first content byte of a stream."""
        return self.answered_at - self.started if self.streamed and self.answered_at else None

    def _late(self, monotonic: float) -> bool:
        """A control request that the candidate's timeout would have failed: both arms by one measure."""
        patience = self.assignment.patience
        return patience is not None and (self.answered_at or monotonic) - self.ready_at > patience


def new_draft(identifier: str, at: float, started: float, key: KeyRecord, route: str) -> Draft:
    """The draft of a request that has just come."""
    return Draft(id=identifier, at=at, started=started, key=key, route=route, on_ledger=route in EXCHANGES)


def _unit_hash(identity: Identity, served: Assignment) -> str:
    """The hash of what the rollout keeps on one side; the user's where it keeps nothing together."""
    of_conversation = served.rollout is not None and served.rollout.plan.unit == "conversation"
    return identity.conversation_hash if of_conversation else identity.unit_hash
