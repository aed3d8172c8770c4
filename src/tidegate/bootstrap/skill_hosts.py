"""The providers' own stores of skills: reached when a version is uploaded, never by requests."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tidegate.adapters.skill_host import AnthropicSkillHost
from tidegate.bootstrap.credentials import keys_of, place_of, source_of
from tidegate.bootstrap.upstreams import client_of
from tidegate.config import Settings
from tidegate.config.credentials import all_credentials
from tidegate.config.settings import Upstream as Given
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header, SkillHost
from tidegate.serving.keyring import opening
from tidegate.serving.upstreams import DEFAULT

_CALL_SECONDS = 50.0


class ConfiguredSkillHosts:
    """`control.services.SkillHosts` by the configuration; each use makes a client, and reads the key anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._given: dict[str, Given] = {DEFAULT: settings.upstream, **settings.upstreams}
        self._beta = settings.native.dialect == "beta"

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """The upstreams that speak the Anthropic API: by the gateway's key, then by tenants' own."""
        speaking = [name for name, given in self._given.items() if given.kind == "anthropic"]
        owned = [
            (each.upstream, each.tenant)
            for each in all_credentials(self._settings).values()
            if each.tenant and each.upstream in speaking
        ]
        return [*((name, "") for name in speaking), *sorted(owned)]

    @asynccontextmanager
    async def open(self, upstream: str, tenant: str = "") -> AsyncGenerator[SkillHost]:
        """Reach one; raises InvalidInput for an unknown one, another kind, or one without a key."""
        given = self._given.get(upstream)
        if given is None:
            raise InvalidInput(f"there is no upstream {upstream!r}; configured are: {', '.join(self._given)}")
        if given.kind != "anthropic":
            raise InvalidInput(
                f"the upstream {upstream!r} is of kind {given.kind}, which has no skills; its requests are "
                "served hosted"
            )
        credentials = await self._credentials(upstream, tenant)
        whose = f", workspace of the tenant {tenant!r}" if tenant else ""
        async with AsyncExitStack() as stack:
            yield AnthropicSkillHost(
                client_of(given, stack),
                credentials,
                place=f"the upstream {upstream!r} ({given.url}{whose})",
                beta=self._beta,
                seconds=_CALL_SECONDS,
            )

    async def _credentials(self, upstream: str, tenant: str) -> tuple[Header, ...]:
        keys = keys_of(self._settings)
        for name, credential in keys.items():
            if (credential.upstream, credential.tenant) == (upstream, tenant):
                try:
                    return opening(await source_of(credential, keys).read(), chat=False)
                except InvalidInput as wrong:
                    raise InvalidInput(f"credential {name} ({place_of(name, credential)}): {wrong}") from None
        if tenant:
            raise InvalidInput(
                f"the tenant {tenant!r} has no credential of its own for the upstream {upstream!r}: its "
                "requests use the gateway's workspace; sync without --tenant, or configure one"
            )
        raise InvalidInput(
            f"the gateway has no credential of its own for the upstream {upstream!r}; sync to a tenant's "
            "workspace with --tenant"
        )
