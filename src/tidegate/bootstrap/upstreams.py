"""The providers of a serving process, each with its own client and what opens it."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import structlog

from tidegate.adapters.upstream.http1 import Http1Upstream
from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.config import NO_KEY, Settings, upstream_key
from tidegate.config.settings import Upstream as Given
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Header, Upstream
from tidegate.serving.upstreams import DEFAULT, Claim, Endpoint, Upstreams

_log = structlog.stdlib.get_logger("tidegate.process")


def open_upstreams(settings: Settings, stack: AsyncExitStack) -> Upstreams:
    """Every configured upstream; `stack` closes their connections. Raises InvalidInput."""
    default = _endpoint(DEFAULT, "upstream", settings.upstream, stack)
    others = [
        Claim(_endpoint(name, f"upstreams.{name}", given, stack), given.models)
        for name, given in settings.upstreams.items()
    ]
    return Upstreams(default, others)


def _endpoint(name: str, section: str, given: Given, stack: AsyncExitStack) -> Endpoint:
    if given.kind == "anthropic":
        return Endpoint(name, client_of(given, stack), credentials_of(given, section))
    if given.url == Given().url:
        raise InvalidInput(f"{section}.url is Anthropic's, but {section}.kind is openai; set the server's")
    upstream = OpenAIUpstream(client_of(given, stack), limit_name=_limit_name(given.url))
    return Endpoint(name, upstream, credentials_of(given, section), chat=True)


def _limit_name(url: str) -> str:
    """OpenAI's newer models know no `max_tokens`; several other servers know nothing else."""
    return "max_completion_tokens" if urlsplit(url).hostname == "api.openai.com" else "max_tokens"


def credentials_of(given: Given, section: str) -> tuple[Header, ...]:
    """The gateway's own headers at an upstream; raises InvalidInput."""
    key = upstream_key(given, section)
    if key == NO_KEY:
        _log.warning("no upstream key is set: an upstream that wants one will refuse", url=given.url)
    if given.kind == "openai":
        return ((b"authorization", b"Bearer " + key.encode("ascii")),)
    return ((b"x-api-key", key.encode("ascii")),)


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
