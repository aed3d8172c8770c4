"""Upstreams of kind openai as they are configured."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from gateway_parts import FakeClock, FakeMeter

from tidegate.adapters.upstream.openai_upstream import OpenAIUpstream
from tidegate.bootstrap.upstreams import open_upstreams
from tidegate.config import load
from tidegate.domain.errors import InvalidInput
from tidegate.serving.keyring import Keyring
from tidegate.serving.upstreams import Upstreams

BESIDE = """
[upstream]
url = "http://127.0.0.1:1"

[upstreams.open]
kind = "openai"
url = "{url}"
key = "secret"
models = ["gpt-*"]
"""


async def opened(home: Path, stack: AsyncExitStack) -> tuple[Upstreams, Keyring]:
    settings = load(home=home, environ={}).settings
    return await open_upstreams(settings, FakeMeter(), FakeClock(), stack)


@pytest.mark.parametrize(
    ("url", "limit"),
    [("http://127.0.0.1:2", "max_tokens"), ("https://api.openai.com", "max_completion_tokens")],
)
async def test_a_named_upstream_speaks_chat_completions(tmp_path: Path, url: str, limit: str) -> None:
    (tmp_path / "tidegate.toml").write_text(BESIDE.format(url=url))
    async with AsyncExitStack() as stack:
        upstreams, _ = await opened(tmp_path, stack)
        endpoint = upstreams.endpoint("gpt-4o", "default")
        assert (endpoint.name, endpoint.chat) == ("open", True)
        assert endpoint.credentials == ((b"authorization", b"Bearer secret"),)
        assert isinstance(endpoint.upstream, OpenAIUpstream)
        assert endpoint.upstream._limit_name == limit
        assert not upstreams.default.chat


async def test_the_providers_own_address_does_not_fit_the_kind(tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_text('[upstream]\nkind = "openai"\nkey = "k"\n')
    async with AsyncExitStack() as stack:
        with pytest.raises(InvalidInput, match=r"upstream\.url is Anthropic's"):
            await opened(tmp_path, stack)
