"""What one exchange may send upstream, in the order of its fallback chain, and by when."""

from collections.abc import Callable, Sequence

import msgspec

from tidegate.domain.resilience import is_refused_turn
from tidegate.ports import Header, UpstreamFailure, UpstreamResponse
from tidegate.serving.chains import Hop
from tidegate.serving.guards import Guards
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.upstreams import Endpoint
from tidegate.serving.wire import MESSAGES, Scanner, Wire


class UpstreamRequest(msgspec.Struct, frozen=True):
    """One request as it goes upstream, and where to."""

    endpoint: Endpoint
    target: str
    headers: Sequence[Header]
    body: bytes
    model: str = ""
    wire: Wire = MESSAGES
    """The API its answer is written in."""

    @property
    def place(self) -> str:
        """What its breaker is called: the upstream and the model, as either may fail alone."""
        return f"{self.endpoint.name}/{self.model}"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to send and by when (event-loop time); `composed` is None where the plain request is all there is.

    `skills` are the composed one's, as `NAME@VERSION`; `allowed` says whether it may still go out: a switch
    may have fallen in the meantime. `further` are the models to ask where the plain request fails too, each
    made into a request by `towards`; who has another one behind it gets `try_seconds` to its first content.
    `hosted` is there where a composed answer may take more than one turn. `on_trial`: the composed one is a
    candidate's, and goes to a model that control is served too.
    """

    plain: UpstreamRequest
    composed: UpstreamRequest | None
    skill_deadline: float
    deadline: float
    allowed: Callable[[], bool]
    skills: tuple[str, ...] = ()
    further: tuple[Hop, ...] = ()
    towards: Callable[[Hop], UpstreamRequest] | None = None
    try_seconds: float = float("inf")
    hosted: Hosted | None = None
    on_trial: bool = False


class Passage(msgspec.Struct, frozen=True):
    """A stream's way through its upstream's breaker: its end is reported when it is known.

    `skills` are the turns of the breakers of those it was composed with; `on_trial` as in an `Order`.
    """

    guards: Guards
    place: str
    turn: int
    skills: Sequence[tuple[str, int]] = ()
    on_trial: bool = False

    def ended(self, *, well: bool) -> None:
        """The stream came to its end, or broke off."""
        if well:
            self.guards.upstreams.succeeded(self.place, self.turn)
        elif not self.on_trial:
            self.guards.upstreams.failed(self.place, self.turn, midway=True)

    def broke(self, failure: UpstreamFailure) -> None:
        """The stream broke off: the upstream's fault, or the skills' where a turn they made was refused."""
        if not is_refused_turn(failure.kind, failure.status):
            self.ended(well=False)
            return
        for name, turn in self.skills:
            self.guards.skills.failed(name, turn)


class Answer(msgspec.Struct, frozen=True):
    """An upstream answer to relay: a whole `body`, or a stream with what of it may go out already."""

    response: UpstreamResponse
    body: bytes
    scanner: Scanner | None = None
    passage: Passage | None = None
    wire: Wire = MESSAGES
