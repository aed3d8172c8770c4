"""What goes upstream for a request in either dialect: the client's own, the composed, and further models."""

import msgspec

from tidegate.domain.chat.kept_fields import HEADER
from tidegate.domain.exchange import Outcome
from tidegate.serving.chains import Chains, Hop
from tidegate.serving.chat_order import (
    composed_crossing,
    crossed_call,
    crossing,
    other_model,
    own_bytes,
    spliced,
)
from tidegate.serving.chat_request import ChatRequest
from tidegate.serving.client import Call
from tidegate.serving.compose import plain_body, plain_body_for
from tidegate.serving.headers import to_upstream
from tidegate.serving.hosted.hosting import Engagement
from tidegate.serving.metering import CHAT_ROUTE, Draft
from tidegate.serving.order import UpstreamRequest
from tidegate.serving.provider_side import Asked, ProviderSide
from tidegate.serving.upstreams import Endpoint, Upstreams
from tidegate.serving.workspace_files import uses_file


class Outgoing(msgspec.Struct, frozen=True):
    """Writes requests for the upstreams of their models."""

    upstreams: Upstreams
    provider: ProviderSide
    chains: Chains

    def plain(self, request: Asked, draft: Draft, call: Call) -> UpstreamRequest:
        """The client's own request; raises InvalidInput where its model's upstream cannot be told it."""
        endpoint = self.upstreams.endpoint(request.model, draft.key.tenant)
        if isinstance(request, ChatRequest):
            return _chat(request, draft, endpoint, call)
        headers = to_upstream(call.headers, endpoint.credentials)
        return UpstreamRequest(endpoint, call.target, headers, plain_body(request), request.model)

    def composed(
        self, request: Asked, draft: Draft, call: Call, engaged: Engagement
    ) -> tuple[UpstreamRequest | None, bytes]:
        """The request on the skill path, and the gateway's tools in it; None, a fallback, where its model's
        upstream cannot be told it, or there is no key for that upstream.
        """
        if not self.upstreams.is_open(draft.model, None, draft.key.tenant):
            draft.composed, draft.model = False, request.model
            draft.fell_back("upstream_credential")
            draft.skill_outcome = Outcome.UPSTREAM_ERROR
            return None, b""
        if isinstance(request, ChatRequest):
            endpoint = self.upstreams.endpoint(draft.model, draft.key.tenant)
            if endpoint.chat:
                return spliced(request, draft, endpoint, call), b""
            across = composed_crossing(request, draft, call)
            if across is None:
                return None, b""
            request, call = across.request, across.call
        elif draft.route == CHAT_ROUTE:
            call = crossed_call(call)
        made, tools = self.provider.composed(draft, request, call, engaged)
        if engaged.kept and made.endpoint.chat:
            made = msgspec.structs.replace(made, headers=[*made.headers, (HEADER, engaged.kept)])
        return made, tools

    def further(self, request: Asked, draft: Draft) -> tuple[Hop, ...]:
        """Where else it may go: a count of tokens nowhere, nor what is bound to a container or file of its
        provider.
        """
        if not draft.on_ledger or "container" in request.top:
            return ()
        hops, tenant = self.chains.after(request.model), draft.key.tenant
        if not hops or uses_file(request):
            return ()
        return tuple(hop for hop in hops if self.upstreams.is_open(hop.model, hop.upstream, tenant))

    def towards(self, request: Asked, hop: Hop, draft: Draft, call: Call) -> UpstreamRequest:
        """The client's own request for a further model, at the upstream of that name, or of that model."""
        tenant, upstreams = draft.key.tenant, self.upstreams
        endpoint = (
            upstreams.named(hop.upstream, tenant) if hop.upstream else upstreams.endpoint(hop.model, tenant)
        )
        if isinstance(request, ChatRequest):
            return _chat(other_model(request, hop.model), draft, endpoint, call)
        headers = to_upstream(call.headers, endpoint.credentials)
        body = plain_body_for(request, hop.model)
        return UpstreamRequest(endpoint, call.target, headers, body, hop.model)


def _chat(request: ChatRequest, draft: Draft, endpoint: Endpoint, call: Call) -> UpstreamRequest:
    if endpoint.chat:
        return own_bytes(request, draft, endpoint, call)
    across = crossing(request, call)
    headers = to_upstream(across.call.headers, endpoint.credentials)
    body = plain_body(across.request)
    return UpstreamRequest(endpoint, across.call.target, headers, body, request.model)
