"""The providers' own stores of skills: reached when a version is uploaded, never by requests."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tidegate.adapters.skill_host import AnthropicSkillHost
from tidegate.bootstrap.upstreams import client_of, credentials_of
from tidegate.config import Settings
from tidegate.config.settings import Upstream as Given
from tidegate.domain.errors import InvalidInput
from tidegate.ports import SkillHost
from tidegate.serving.upstreams import DEFAULT

_CALL_SECONDS = 50.0


class ConfiguredSkillHosts:
    """`control.services.SkillHosts` by the configuration; each use makes a client of its own."""

    def __init__(self, settings: Settings) -> None:
        self._given: dict[str, Given] = {DEFAULT: settings.upstream, **settings.upstreams}
        self._beta = settings.native.dialect == "beta"

    @property
    def names(self) -> Sequence[str]:
        """The upstreams that speak the Anthropic API."""
        return [name for name, given in self._given.items() if given.kind == "anthropic"]

    @asynccontextmanager
    async def open(self, upstream: str) -> AsyncGenerator[SkillHost]:
        """Reach one; raises InvalidInput for an unknown one, another kind, or one without a key."""
        given = self._given.get(upstream)
        if given is None:
            raise InvalidInput(f"there is no upstream {upstream!r}; configured are: {', '.join(self._given)}")
        if given.kind != "anthropic":
            raise InvalidInput(
                f"the upstream {upstream!r} is of kind {given.kind}, which has no skills; its requests are "
                "served hosted"
            )
        section = "upstream" if upstream == DEFAULT else f"upstreams.{upstream}"
        async with AsyncExitStack() as stack:
            yield AnthropicSkillHost(
                client_of(given, stack),
                credentials_of(given, section),
                place=f"the upstream {upstream!r} ({given.url})",
                beta=self._beta,
                seconds=_CALL_SECONDS,
            )
