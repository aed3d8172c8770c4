"""One exchange on its way along the fallback chain: what goes out next, and whom a result speaks of."""

from collections.abc import Sequence
from typing import Final

from tidegate.domain.breaker import State
from tidegate.domain.errors import CredentialRefused, TidegateError, UpstreamUnavailable
from tidegate.domain.exchange import Outcome
from tidegate.domain.resilience import (
    OF_THE_UPSTREAM,
    Cause,
    Failure,
    Path,
    Situation,
    is_about_the_key,
    is_fault,
    is_refused_turn,
    retries_of,
)
from tidegate.ports import UpstreamFailure
from tidegate.serving.guards import Guards
from tidegate.serving.metering import Draft
from tidegate.serving.order import Answer, Order, Passage, UpstreamRequest

# Bound once: before Python 3.12 each look-up of an enum's member is a call.
_PLAIN: Final = Path.PLAIN
_COMPOSED: Final = Path.COMPOSED

Trouble = UpstreamFailure | CredentialRefused
"""Why an attempt brought no answer to relay."""


class Course:
    """Holds where an exchange stands; `request` goes out next, on `path`, for the `tries + 1`st time.

    `guarded` is False for a count of tokens: breakers neither hear of it nor stop it. `arriving`: the head of
    an answer in one piece is here, its body is being read.
    """

    __slots__ = (
        "_draft",
        "_guards",
        "_hop",
        "_kept",
        "_order",
        "_rescues",
        "_skill_turns",
        "_suspects",
        "_turns",
        "arriving",
        "guarded",
        "path",
        "request",
        "sent_at",
        "tries",
    )

    def __init__(self, draft: Draft, order: Order, guards: Guards) -> None:
        self._draft = draft
        self._order = order
        self._guards = guards
        self.guarded = draft.on_ledger
        self.path = _PLAIN
        self.request: UpstreamRequest = order.plain
        self.tries = 0
        self.sent_at = 0.0
        self.arriving = False
        self._hop = 0
        self._rescues = False
        self._turns: dict[str, int] = {}
        self._skill_turns: Sequence[tuple[str, int]] = ()
        self._suspects: Sequence[tuple[str, int]] = ()
        self._kept: tuple[Answer | None, Trouble | None] | None = None
        if order.composed is not None:
            self._begin_composed(order.composed)
        guards.retries.note(self.request.endpoint.name)

    # ---- what goes out

    @property
    def further(self) -> bool:
        """Whether the chain has another model or provider to ask."""
        return self._hop < len(self._order.further)

    def first_content_by(self, now: float) -> float | None:
        """Until when this attempt may take to its first content; None: the exchange's deadline."""
        if self.path is _COMPOSED:
            return self._order.skill_deadline
        if self.further:
            return min(now + self._order.try_seconds, self._order.deadline)
        return None

    @property
    def _is_last_resort(self) -> bool:
        """Whether nothing is left that would go another way."""
        if self.further:
            return False
        return self.path is not _COMPOSED or self.request.place == self._order.plain.place

    @property
    def whole_start(self) -> bool:
        """Whether a stream is held up to its first content: another try may follow, or a skill is judged."""
        return self.path is _COMPOSED or self.further or bool(self._suspects)

    def situation(self, spread: float, now: float) -> Situation:
        """Where the exchange stands after a failed attempt."""
        composed = self.path is _COMPOSED
        return Situation(
            path=self.path,
            tries=self.tries,
            retries=retries_of(self.path, rescues=self._rescues, further=self.further),
            further=self.further,
            elsewhere=composed and self._elsewhere,
            spread=spread,
            left=(self._order.skill_deadline if composed else self._order.deadline) - now,
        )

    @property
    def _elsewhere(self) -> bool:
        """Whether the skill path goes to another model or upstream than the client's own request."""
        composed = self._order.composed
        return composed is not None and composed.place != self._order.plain.place

    def enter(self) -> bool:
        """Pass the upstream's breaker; False where it is open. A probe's exchange keeps its leave."""
        if not self.guarded:
            return True
        place, upstreams = self.request.place, self._guards.upstreams
        if self._turns and place in self._turns and self._turns[place] == upstreams[place].turn:
            return True
        turn = upstreams.enter(place, last_resort=self._is_last_resort)
        if turn is None:
            return False
        self._turns[place] = turn
        return True

    def unavailable(self) -> UpstreamUnavailable:
        """What to say where the breaker is open and nothing else is left to ask."""
        seconds = self._guards.upstreams.seconds_to_probe(self._order.plain.place)
        return UpstreamUnavailable(
            f"the upstream for model {self._order.plain.model} has been failing, so it is not asked now; "
            "try again",
            retry_after=seconds,
        )

    # ---- moving on

    def fall_back(self, failure: Failure, *, switched: bool = False) -> None:
        """Leave the skill path for the plain request."""
        switched = switched or failure.cause is Cause.SWITCH
        if not switched and failure.cause is not Cause.BREAKER and not failure.unasked:
            self._suspect(failure)
        _leave_skills(self._draft, failure, switched=switched)
        self._go(_PLAIN, self._order.plain)
        self._rescues = True

    def go_on(self, failure: Failure, answer: Answer | None, error: Trouble | None) -> bool:
        """Ask the next of the chain; False where none is left that could be asked this.

        What the client's own model said is kept for the case that all fail.
        """
        if self._kept is None:
            self._kept = (answer, error)
        request = self._next_request()
        if request is None:
            return False
        if self.path is _COMPOSED:
            self._draft.skill_outcome = Outcome.UPSTREAM_ERROR
        self._go(Path.FURTHER, request)
        self._draft.model = request.model
        self._draft.fell_back(f"upstream_{failure.cause.value}")
        self._guards.retries.note(request.endpoint.name)
        return True

    def _next_request(self) -> UpstreamRequest | None:
        """The request for the next of the chain that can be told it."""
        towards = self._order.towards
        while towards is not None and self.further:
            hop = self._order.further[self._hop]
            self._hop += 1
            try:
                return towards(hop)
            except TidegateError:
                continue  # the client wrote it for another API, or the key for this one has gone meanwhile
        return None

    def last_word(self, answer: Answer | None, error: Trouble | None) -> tuple[Answer | None, Trouble | None]:
        """What to tell the client where nothing helped: what its own model said, not a stand-in's."""
        if self._kept is None:
            return answer, error
        self._draft.model = self._order.plain.model
        return self._kept

    def _go(self, path: Path, request: UpstreamRequest) -> None:
        self.path, self.request, self.tries = path, request, 0

    def _begin_composed(self, composed: UpstreamRequest) -> None:
        """Take the skill path, unless the breaker of one of its skills is open."""
        skills = self._guards.skills
        closed = [name for name in self._order.skills if not skills.admits(name)] if self.guarded else []
        if closed:
            self._draft.fell_back(Cause.BREAKER.value)
            self._draft.skill_outcome = Outcome.SKILL_ERROR
            if any(skills[name].proven for name in closed):
                self._draft.first_attempt_failed = True
            return
        self.path, self.request = _COMPOSED, composed
        if self.guarded:
            self._skill_turns = [
                (name, turn) for name in self._order.skills if (turn := skills.enter(name)) is not None
            ]

    # ---- what a result says of whom

    def good(self, answer: Answer, now: float) -> Answer:
        """Report an answer below 400; a stream takes the passage along, for its end is not known yet."""
        if not self.guarded:
            return answer
        place = self.request.place
        turn = self._turns[place]
        for name, skill_turn in self._skill_turns if self.path is _COMPOSED else ():
            self._guards.skills.succeeded(name, skill_turn)
        if self._suspects:
            self._judge(good=True, now=now)
        self._guards.upstreams.succeeded(place, turn, whole=answer.scanner is None)
        if answer.scanner is None:
            return answer
        composed = self.path is _COMPOSED
        skills = self._skill_turns if composed else ()
        passage = Passage(self._guards, place, turn, skills, on_trial=composed and self._order.on_trial)
        return Answer(answer.response, answer.body, answer.scanner, passage, answer.wire)

    def bad(self, failure: Failure, now: float) -> None:
        """Report a failed attempt; with skills in the request nobody knows yet whose failure it was."""
        if failure.cause is Cause.BREAKER or failure.unasked or failure.arriving or not self.guarded:
            return
        if self.path is _COMPOSED and self._order.skills and not self._is_of_the_place(failure):
            return
        if self.path is _COMPOSED and self._order.on_trial and is_fault(failure):
            return  # control would meet the breaker that a broken candidate opens, and look as broken
        if is_refused_turn(failure.cause, failure.status):
            return
        place = self.request.place
        if is_fault(failure):
            self._guards.upstreams.failed(place, self._turns.pop(place))
        else:
            self._guards.upstreams.succeeded(place, self._turns[place])
        if is_fault(failure) and self.path is _PLAIN:
            self._judge(good=False, now=now)

    def _is_of_the_place(self, failure: Failure) -> bool:
        """Whether a composed request's failure speaks of the other model or upstream that it went to.

        The plain request is no witness of that place, and the skills may do well on another.
        """
        refused = is_refused_turn(failure.cause, failure.status)
        turn = failure.cause is Cause.HOSTED_TURN and not refused
        return (turn or failure.cause in OF_THE_UPSTREAM) and self._elsewhere

    def _suspect(self, failure: Failure) -> None:
        """Blame the skills at once where their upstream is well, else wait for what the plain request gets.

        It is waited for, too, where a probe has failed, and where the body was refused: both need a witness.
        """
        if self._is_of_the_place(failure):
            return
        skills = self._guards.skills
        probing = any(skills[name].state is not State.CLOSED for name, _ in self._skill_turns)
        if probing or (failure.cause is Cause.STATUS and failure.status < 500):
            self._suspects = self._skill_turns
        elif self._guards.upstreams.is_healthy(self.request.place):
            for name, turn in self._skill_turns:
                skills.failed(name, turn)

    def _judge(self, *, good: bool, now: float) -> None:
        """What the plain request says of the skills that were left out for it."""
        if not self._suspects or self.path is not _PLAIN:
            return
        suspects, self._suspects = self._suspects, ()
        skills = self._guards.skills
        in_time = now - self.sent_at <= self._order.skill_deadline - self._draft.ready_at
        for name, turn in suspects:
            if good or skills[name].state is not State.CLOSED:
                skills.failed(name, turn, proof=good and in_time)


def _leave_skills(draft: Draft, failure: Failure, *, switched: bool) -> None:
    """Note why the skill path was left."""
    if switched:
        draft.fell_back("switch")
        draft.skill_outcome = None
        return
    if failure.cause is Cause.BREAKER:
        draft.fell_back("upstream_breaker")
        draft.skill_outcome = Outcome.UPSTREAM_ERROR
        return
    if is_about_the_key(failure):
        draft.fell_back(Cause.STATUS.value)
        draft.skill_outcome = Outcome.UPSTREAM_ERROR
        draft.first_attempt_failed = True
        return
    timed_out = failure.cause is Cause.SKILL_TIMEOUT
    draft.skill_outcome = Outcome.SKILL_TIMEOUT if timed_out else Outcome.SKILL_ERROR
    if failure.unasked:
        draft.skill_outcome = None
    rejected = failure.cause is Cause.STATUS and failure.status < 500
    draft.fell_back("rejected" if rejected else failure.cause.value)
