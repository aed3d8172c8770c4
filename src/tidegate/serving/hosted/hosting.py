"""What a process hosts skills with, and what it makes of one request."""

import asyncio
from collections.abc import Callable

import msgspec

from tidegate.domain import metrics
from tidegate.domain.raw_json import encoded
from tidegate.ports import Clock, Meter, Prices, Sandbox
from tidegate.serving.assign import switched_off
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.desk import Counter, SkillDesk
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.hosted.objects import Members
from tidegate.serving.hosted.plan import Plan
from tidegate.serving.hosted.restore import is_sealed, plain_messages, sealed_ids, whole_messages
from tidegate.serving.hosted.results import ScriptResults
from tidegate.serving.hosted.seal import Seals
from tidegate.serving.hosted.settings import HostedSettings
from tidegate.serving.hosted.tools import offered, refuse_reserved
from tidegate.serving.hosted.unsealing import Allowed, Unsealing
from tidegate.serving.metering import Draft
from tidegate.serving.request import MessagesRequest
from tidegate.serving.snapshot import RoutingSnapshot


class Engagement(msgspec.Struct, frozen=True):
    """What hosting adds to one request; no `desk` where its skills have nothing to read or run, or the client
    leaves the model no choice of tools.
    """

    allowed: Callable[[], bool]
    desk: SkillDesk | None = None
    offers: bytes = b""
    """The tools for all of its skills."""
    kept: bytes = b""
    """Fields of a chat completions request that its upstream gets as they are: `chat.kept_fields`."""
    limited: bool = True
    """Whether the client, or its API, limits the tokens of the answer."""

    def tools(self, top: Members, native: frozenset[str]) -> bytes:
        """The tools to offer, for the skills that the provider does not serve itself."""
        if self.desk is None or not native:
            return self.offers
        return offered([skill for name, skill in self.desk.skills.items() if name not in native], top)


_NOTHING_TO_SWITCH = Engagement(lambda: True)


class Hosting:
    """Offers the gateway's tools, takes sealed calls back, and makes the loop that answers."""

    def __init__(
        self,
        settings: HostedSettings,
        *,
        archives: Archives,
        sandbox: Sandbox,
        secret: bytes,
        meter: Meter,
        prices: Prices,
        clock: Clock,
        answer_limit: int = 64_000_000,
        body_limit: int = 32_000_000,
        deadline_seconds: float = 600.0,
    ) -> None:
        """`body_limit` (bytes) and `deadline_seconds` are serving's: an unsealed request keeps them too."""
        self._settings = settings
        self._seals = Seals(secret)
        self._meter = meter
        self._prices = prices
        self._clock = clock
        self._answer_limit = answer_limit
        self._body_limit = body_limit
        self._deadline_seconds = deadline_seconds
        results = ScriptResults(settings.result_bytes)
        self._counter = Counter(settings, archives, sandbox, results, self._seals, meter)

    def engage(
        self, draft: Draft, request: MessagesRequest, current: Callable[[], RoutingSnapshot]
    ) -> Engagement:
        """What the request's assignment calls for, under the switches of the `current` snapshot.

        Raises InvalidInput for a tool with a reserved name.
        """
        if "tools" in request.top:
            refuse_reserved(request.top)
        unhosted, assignment = self.unhosted(draft, current), draft.assignment
        if not assignment.skills:
            return unhosted
        skills = {use.name: assignment.variant.skills[use.name] for use in assignment.skills}
        offers = offered(list(skills.values()), request.top)
        if not offers:
            return unhosted
        allowed = unhosted.allowed
        return Engagement(allowed, SkillDesk(self._counter, draft, skills, allowed), offers)

    def unhosted(self, draft: Draft, current: Callable[[], RoutingSnapshot]) -> Engagement:
        """An engagement without tools, under the switches of the `current` snapshot."""
        skills = draft.assignment.skills
        if not skills:
            return _NOTHING_TO_SWITCH
        tenant = draft.key.tenant
        return Engagement(lambda: not switched_off(current(), tenant, skills))

    async def unsealed(
        self, draft: Draft, request: MessagesRequest, engaged: Engagement
    ) -> tuple[MessagesRequest, MessagesRequest]:
        """The request without seals, for the plain way, and with their calls, for the skills' own way.

        What goes beyond a body's limit, or the time for skill work, is left out.
        """
        if not is_sealed(request.raw):
            return request, request
        messages = bytes(request.top["messages"])
        plain = _with_messages(request, plain_messages(messages))
        desk = engaged.desk
        if desk is None:
            for _ in sealed_ids(messages):
                self._meter.add(metrics.SEALS, ("unassigned",))
            return plain, plain
        unsealing = Unsealing(
            self._seals, desk, draft, self._may_unseal(draft, messages), meter=self._meter, clock=self._clock
        )
        try:
            async with asyncio.timeout(unsealing.left):
                whole = await whole_messages(messages, unsealing.open, unsealing.answers)
        except TimeoutError:
            unsealing.cut_short("too late")
            return plain, plain
        return plain, _with_messages(request, whole)

    def _may_unseal(self, draft: Draft, messages: bytes) -> Allowed:
        """The room that the transcript leaves in a body; the time for skill work, within the exchange's."""
        assignment = draft.assignment
        variant = assignment.variant
        ends = draft.started + (variant.deadline_seconds or self._deadline_seconds)
        return Allowed(
            room=self._body_limit - len(messages),
            until=min(draft.ready_at + variant.timeout_for(assignment.skills), ends),
        )

    def loop(self, draft: Draft, engaged: Engagement, tools: bytes) -> Hosted | None:
        """The loop of a request that is offered these tools; None for one that only counts tokens."""
        if not draft.on_ledger or not tools:
            return None
        return Hosted(
            Plan(self._settings.limits, engaged.allowed, engaged.desk, limited=engaged.limited),
            prices=self._prices,
            meter=self._meter,
            clock=self._clock,
            answer_limit=self._answer_limit,
        )


def _with_messages(request: MessagesRequest, messages: bytes) -> MessagesRequest:
    top = {**request.top, "messages": msgspec.Raw(messages)}
    return msgspec.structs.replace(request, raw=encoded(top), top=top)
