"""What the request path leaves to a provider: native skills, containers, and turns that it pauses."""

from collections.abc import Callable

from tidegate.domain import metrics
from tidegate.domain.hosted import Limits
from tidegate.ports import Clock, Meter, Prices
from tidegate.serving.chat_request import ChatRequest
from tidegate.serving.client import Call, Client
from tidegate.serving.compose import composed_body
from tidegate.serving.containers import (
    ContainerTags,
    TaggingClient,
    involves_containers,
    opened_request,
    without_synced,
)
from tidegate.serving.headers import to_upstream
from tidegate.serving.hosted.host import Hosted
from tidegate.serving.hosted.hosting import Engagement
from tidegate.serving.hosted.plan import Plan
from tidegate.serving.metering import Draft
from tidegate.serving.native import DIALECTS, plan_native, with_betas
from tidegate.serving.order import UpstreamRequest
from tidegate.serving.request import MessagesRequest
from tidegate.serving.routing import SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.upstreams import Upstreams
from tidegate.serving.workspace_files import FileTags, names_file, opened_files

Asked = MessagesRequest | ChatRequest
"""A request in either of the two dialects."""

PAUSED_TURNS = 10
"""Upstream turns of one exchange at most, where the provider pauses (as the API's guide has it)."""


class ProviderSide:
    """Composes requests for their provider, and keeps its containers with their tenants."""

    def __init__(
        self,
        settings: ServingSettings,
        holder: SnapshotHolder,
        upstreams: Upstreams,
        *,
        meter: Meter,
        prices: Prices,
        clock: Clock,
    ) -> None:
        self._tags = ContainerTags(settings.home_secret)
        self._files = FileTags(settings.home_secret)
        self._dialect = DIALECTS[settings.native_dialect]
        self._answer_limit = settings.answer_limit
        self._holder = holder
        self._upstreams = upstreams
        self._meter = meter
        self._prices = prices
        self._clock = clock

    def contained(self, draft: Draft, request: Asked, client: Client) -> tuple[Asked, Client]:
        """Ids of containers and files opened in the request, and tagged in its answer: they are shared.

        As they are where none is involved, and where the tenant's own credential opens each upstream that the
        request may go to: only skills that the gateway has put there are left out then. Raises NotFound,
        InvalidInput.
        """
        named, runs = names_file(request.raw), _runs(draft, request)
        if not (named or runs):
            return request, client
        tenant, models = draft.key.tenant, {request.model, draft.assignment.model or request.model}
        synced = self._holder.current().provider_skills
        if all(self._upstreams.is_own(model, tenant) for model in models):
            if isinstance(request, MessagesRequest) and runs:
                request = without_synced(request, synced.get(tenant, ()))
            return request, client
        if named:
            request = opened_files(request, self._files, tenant)
        if isinstance(request, ChatRequest):
            return request, client  # an answer in this dialect names neither
        if "container" in request.top:
            ours = synced.get("", frozenset()) | synced.get(tenant, frozenset())
            request = opened_request(request, self._tags, tenant, ours)
        return request, TaggingClient(client, self._tags, self._files, tenant)

    def composed(
        self, draft: Draft, request: MessagesRequest, call: Call, engaged: Engagement
    ) -> tuple[UpstreamRequest, bytes]:
        """The request on the skill path: skills that its provider serves itself, and those put into it; and
        the gateway's tools that are offered in it.
        """
        endpoint = self._upstreams.endpoint(draft.model, draft.key.tenant)
        headers = to_upstream(call.headers, endpoint.credentials)
        native = plan_native(request.top, draft.assignment, endpoint, self._dialect, headers)
        for skill, result in native.results:
            self._meter.add(metrics.NATIVE_SKILLS, (skill, result))
        tools = engaged.tools(request.top, native.names)
        body = composed_body(request, draft.assignment, native, counting=not draft.on_ledger, tools=tools)
        headers = with_betas(headers, native.betas)
        return UpstreamRequest(endpoint, call.target, headers, body, draft.model), tools

    def pausing(
        self, draft: Draft, request: Asked, seconds: float, allowed: Callable[[], bool]
    ) -> Hosted | None:
        """Goes on with a composed request's paused turns; None where nothing runs at the provider."""
        if not draft.composed or not draft.on_ledger or not _runs(draft, request):
            return None
        return Hosted(
            Plan(Limits(turns=PAUSED_TURNS, seconds=seconds), allowed),
            prices=self._prices,
            meter=self._meter,
            clock=self._clock,
            answer_limit=self._answer_limit,
        )


def _runs(draft: Draft, request: Asked) -> bool:
    """Whether something of the request may run at the provider; chat completions have no word for it."""
    if draft.assignment.variant.natives:
        return True
    return isinstance(request, MessagesRequest) and involves_containers(request.top)
