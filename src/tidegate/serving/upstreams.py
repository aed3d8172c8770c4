"""Which provider serves a request: the upstreams of this gateway, chosen by model."""

import re
from collections.abc import Sequence
from fnmatch import translate

import msgspec

from tidegate.ports import Header, Upstream

DEFAULT = "default"
"""The name of the upstream that takes every model no other one claims."""

_REMEMBERED = 1000
"""Clients name models freely: so many answers are kept, then all are forgotten."""


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


class Claim(msgspec.Struct, frozen=True):
    """An upstream and the models it serves, as globs (`*`, `?`, `[…]`; case counts)."""

    endpoint: Endpoint
    models: tuple[str, ...]


class Upstreams:
    """The upstreams of a gateway; a model goes to the first that claims it, else to the default one."""

    def __init__(self, default: Endpoint, others: Sequence[Claim] = ()) -> None:
        self.default = default
        self._claims = [
            (re.compile("|".join(map(translate, claim.models))), claim.endpoint)
            for claim in others
            if claim.models
        ]
        self._known: dict[str, Endpoint] = {}
        self._named = {each.name: each for each in (default, *(claim.endpoint for claim in others))}

    def endpoint(self, model: str, tenant: str) -> Endpoint:
        """Where a tenant's request for a model goes."""
        if not self._claims:
            return self.default
        found = self._known.get(model)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[model] = self._claimed(model)
        return found

    def named(self, name: str, tenant: str) -> Endpoint:
        """The upstream of that name, for a tenant; KeyError for one that is not configured."""
        return self._named[name]

    def _claimed(self, model: str) -> Endpoint:
        return next((each for pattern, each in self._claims if pattern.match(model)), self.default)
