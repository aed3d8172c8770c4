"""Where else a request may be served: for each model the models and providers to ask in turn."""

from collections.abc import Mapping

import msgspec

ANY = "*"
"""The key of the chain for models that have none of their own."""


class Hop(msgspec.Struct, frozen=True):
    """One further model; `upstream` names a provider, None leaves that to the model."""

    model: str
    upstream: str | None = None


class Chains:
    """The configured fallback chains."""

    def __init__(self, chains: Mapping[str, tuple[Hop, ...]]) -> None:
        self._chains = chains

    def after(self, model: str) -> tuple[Hop, ...]:
        """What to ask where a request for this model failed, in order."""
        if not self._chains:
            return ()
        chain = self._chains.get(model)
        return self._chains.get(ANY, ()) if chain is None else chain


NO_CHAINS = Chains({})
