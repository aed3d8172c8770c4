"""Which provider serves a request: the upstreams of this gateway, chosen by model, and what opens them."""

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

import msgspec

from tidegate.domain.errors import Forbidden, UpstreamUnavailable
from tidegate.ports import Header, Upstream

DEFAULT = "default"
"""The name of the upstream that takes every model no other one claims."""

_REMEMBERED = 1000
"""Clients name models freely: so many answers are kept, then all are forgotten."""

LOCKED_RETRY_SECONDS = 5.0
"""When to come back where a tenant's own credential cannot be read: readings are tried again by then."""


class Endpoint(msgspec.Struct, frozen=True):
    """One upstream, ready to be called: its name, the way there, and what opens it.

    `own`: a credential of the tenant's own opens it, so the provider's workspace is the tenant's.
    """

    name: str
    upstream: Upstream
    credentials: tuple[Header, ...] = ()
    own: bool = False
    chat: bool = False
    """It speaks chat completions itself, and takes Messages requests by translation."""
    tenant: str = ""
    """Whose credential it is, where it is a tenant's own."""
    credential: str = ""
    """What the credential is called in the configuration."""
    locked: bool = False
    """There is no key for it now."""
    on_refused: Callable[["Endpoint", int], float | None] | None = None
    """Told of a 401 or 403 to its credentials; says after how many seconds asking again may help."""

    def __repr__(self) -> str:
        return f"Endpoint({self.name!r}, tenant={self.tenant!r}, credential={self.credential!r})"


class Claim(msgspec.Struct, frozen=True):
    """An upstream and the models it serves, as globs (`*`, `?`, `[…]`; case counts)."""

    endpoint: Endpoint
    models: tuple[str, ...]


class Upstreams:
    """The upstreams of a gateway; a model goes to the first that claims it, else to the default one.

    `own` are those upstreams as tenants with a credential of their own reach them.
    """

    def __init__(self, default: Endpoint, others: Sequence[Claim] = (), own: Sequence[Endpoint] = ()) -> None:
        self.default = default
        self._claims = [
            (re.compile("|".join(map(translate, claim.models))), claim.endpoint.name)
            for claim in others
            if claim.models
        ]
        self._known: dict[str, Endpoint] = {}
        self._named = {each.name: each for each in (default, *(claim.endpoint for claim in others))}
        self._own = {(each.name, each.tenant): each for each in own}
        self._plain = self._is_plain()

    def endpoint(self, model: str, tenant: str) -> Endpoint:
        """Where a tenant's request for a model goes; raises Forbidden, UpstreamUnavailable without a key."""
        found = self._of_model(model) if self._claims else self.default
        return found if self._plain else _unlocked(self._for(found, tenant))

    def named(self, name: str, tenant: str) -> Endpoint:
        """The upstream of that name, for a tenant; KeyError for one that is not configured.

        Raises Forbidden, UpstreamUnavailable without a key.
        """
        return self._named[name] if self._plain else _unlocked(self._for(self._named[name], tenant))

    def is_own(self, model: str, tenant: str) -> bool:
        """Whether a model's provider is reached by a credential of the tenant's own."""
        if not self._own:
            return False
        return self._for(self._of_model(model), tenant).own

    def is_open(self, model: str, name: str | None, tenant: str) -> bool:
        """Whether there is a key for that upstream, or for the model's where none is named."""
        if self._plain:
            return True
        found = self._named[name] if name else self._of_model(model)
        return not self._for(found, tenant).locked

    def put(self, endpoint: Endpoint) -> None:
        """Reach an upstream so from now on: all tenants, or the one whose own it is."""
        if endpoint.own:
            self._own[endpoint.name, endpoint.tenant] = endpoint
        else:
            self._named[endpoint.name] = endpoint
            if endpoint.name == self.default.name:
                self.default = endpoint
            self._known.clear()
        self._plain = self._is_plain()

    def _is_plain(self) -> bool:
        """Whether all tenants reach every upstream alike."""
        return not self._own and not any(each.locked for each in self._named.values())

    def _for(self, found: Endpoint, tenant: str) -> Endpoint:
        return self._own.get((found.name, tenant), found)

    def _of_model(self, model: str) -> Endpoint:
        found = self._known.get(model)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[model] = self._claimed(model)
        return found

    def _claimed(self, model: str) -> Endpoint:
        names = (name for pattern, name in self._claims if pattern.match(model))
        return self._named[next(names, self.default.name)]


def _unlocked(endpoint: Endpoint) -> Endpoint:
    """The endpoint, which has a key; raises Forbidden, UpstreamUnavailable where it has none."""
    if not endpoint.locked:
        return endpoint
    if endpoint.own:
        raise UpstreamUnavailable(
            f"your tenant's credential for the upstream {endpoint.name!r} cannot be read by this gateway "
            "now; your own key is good: try again later, or ask your operator, whose log says why",
            retry_after=LOCKED_RETRY_SECONDS,
        )
    raise Forbidden(
        f"your key is good, but your tenant has no credential for the upstream {endpoint.name!r}, and this "
        "gateway has none of its own there; your operator can configure one"
    )
