"""The providers of a serving process, each with its own client and what opens it."""

import logging
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import msgspec

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.bootstrap.credentials import NO_KEY, keys_of, place_of, source_of
from tidegate.config import Settings
from tidegate.config.credential import Credential
from tidegate.config.settings import Upstream as Given
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Clock, Meter, Upstream
from tidegate.serving.keyring import Keyring, Slot
from tidegate.serving.upstreams import DEFAULT, Claim, Endpoint, Upstreams

_log = logging.getLogger("tidegate.process")


async def open_upstreams(
    settings: Settings, meter: Meter, clock: Clock, stack: AsyncExitStack
) -> tuple[Upstreams, Keyring]:
    """Every configured upstream with the keys that open it; `stack` closes their connections.

    Raises InvalidInput.
    """
    keys = keys_of(settings)
    endpoints = {DEFAULT: _endpoint(DEFAULT, "upstream", settings.upstream, stack)}
    for name, given in settings.upstreams.items():
        endpoints[name] = _endpoint(name, f"upstreams.{name}", given, stack)
    slots = [
        Slot(
            name=name,
            endpoint=_opened_by(credential, endpoints[credential.upstream]),
            source=source_of(credential, keys),
            place=place_of(name, credential),
        )
        for name, credential in keys.items()
    ]
    claims = [Claim(endpoints[name], given.models) for name, given in settings.upstreams.items()]
    upstreams = Upstreams(endpoints[DEFAULT], claims)
    for endpoint in endpoints.values():
        if not any(slot.endpoint is endpoint for slot in slots):
            upstreams.put(msgspec.structs.replace(endpoint, locked=True))
            _log.info(
                "only tenants with a credential of their own are served here",
                extra={"upstream": endpoint.name},
            )
    keyring = Keyring(slots, upstreams, meter, clock)
    await keyring.open()
    return upstreams, keyring


def _opened_by(credential: Credential, endpoint: Endpoint) -> Endpoint:
    """The upstream as that credential opens it."""
    if not credential.tenant:
        if credential.value == NO_KEY:
            _log.warning(
                "no upstream key is set: an upstream that wants one will refuse",
                extra={"upstream": endpoint.name},
            )
        return endpoint
    return msgspec.structs.replace(endpoint, own=True, tenant=credential.tenant)


def _endpoint(name: str, section: str, given: Given, stack: AsyncExitStack) -> Endpoint:
    if given.kind == "anthropic":
        return Endpoint(name, client_of(given, stack))
    if given.url == Given().url:
        raise InvalidInput(f"{section}.url is Anthropic's, but {section}.kind is openai; set the server's")
    return Endpoint(
        name, OpenAIUpstream(client_of(given, stack), limit_name=_limit_name(given.url)), chat=True
    )


def _limit_name(url: str) -> str:
    """OpenAI's newer models know no `max_tokens`; several other servers know nothing else."""
    return "max_completion_tokens" if urlsplit(url).hostname == "api.openai.com" else "max_tokens"


def client_of(given: Given, stack: AsyncExitStack) -> Upstream:
    """The client of an upstream; `stack` closes its connections."""
    chosen = UpstreamSettings(
        base_url=given.url,
        ca_file=given.ca_file or None,
        client_cert=given.client_cert or None,
        client_key=given.client_key or None,
        proxy=given.proxy or None,
        connect_timeout=given.connect_timeout,
        max_connections=given.max_connections,
        idle_seconds=given.idle,
    )
    upstream = _aiohttp_upstream(chosen) if given.client == "aiohttp" else Http1Upstream(chosen)
    stack.push_async_callback(upstream.aclose)
    return upstream


def _aiohttp_upstream(settings: UpstreamSettings) -> Upstream:
    from tidegate.adapters.upstream.aiohttp_upstream import (  # noqa: PLC0415 (slow, and seldom chosen)
        AiohttpUpstream,
    )

    return AiohttpUpstream(settings)
