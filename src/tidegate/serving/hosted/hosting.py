"""What a process hosts skills with, and what it makes of one request."""

from collections.abc import Callable, Sequence

import msgspec

from tidegate.domain import metrics
from tidegate.domain.raw_json import encoded
from tidegate.ports import Clock, Meter, Prices, Sandbox
from tidegate.serving.assign import switched_off
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.desk import Counter, SkillDesk
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.hosted.objects import Members
from tidegate.serving.hosted.plan import Plan
from tidegate.serving.hosted.restore import is_sealed, plain_messages, sealed_ids, whole_messages
from tidegate.serving.hosted.results import ScriptResults
from tidegate.serving.hosted.seal import SealedRound, Seals
from tidegate.serving.hosted.settings import HostedSettings
from tidegate.serving.hosted.tools import offered, refuse_reserved
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
    ) -> None:
        self._settings = settings
        self._seals = Seals(secret)
        self._meter = meter
        self._prices = prices
        self._clock = clock
        self._answer_limit = answer_limit
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
        """The request without seals, for the plain way, and with their calls, for the skills' own way."""
        if not is_sealed(request.raw):
            return request, request
        messages = bytes(request.top["messages"])
        plain = _with_messages(request, plain_messages(messages))
        desk = engaged.desk
        if desk is None:
            for _ in sealed_ids(messages):
                self._meter.add(metrics.SEALS, ("unassigned",))
            return plain, plain
        assignment = draft.assignment
        seconds = assignment.variant.timeout_for(assignment.skills)
        known = {use.name: assignment.variant.skills[use.name].digest for use in assignment.skills}

        async def answers(calls: Sequence[Block]) -> list[bytes]:
            return await desk.answers(calls, seconds, again=True)

        def open_seal(sealed_id: str) -> tuple[SealedRound, ...] | None:
            return self._opened(draft.key.tenant, sealed_id, known)

        return plain, _with_messages(request, await whole_messages(messages, open_seal, answers))

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

    def _opened(self, tenant: str, sealed_id: str, known: dict[str, str]) -> tuple[SealedRound, ...] | None:
        """The sealed calls, if they are this tenant's and about the very skills that it is served now."""
        rounds = self._seals.open(tenant, sealed_id)
        if rounds is None:
            self._meter.add(metrics.SEALS, ("forged",))
            return None
        calls = [call for each in rounds for call in each.calls]
        served = all(known.get(call.skill, "") == call.digest for call in calls)
        self._meter.add(metrics.SEALS, ("opened" if served else "unassigned",))
        return rounds if served else None


def _with_messages(request: MessagesRequest, messages: bytes) -> MessagesRequest:
    top = {**request.top, "messages": msgspec.Raw(messages)}
    return msgspec.structs.replace(request, raw=encoded(top), top=top)
