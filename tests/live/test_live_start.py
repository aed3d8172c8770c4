"""How soon a gateway answers."""

import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from homes import home_with_keys
from stack import GatewayProcess

QUESTION = {
    "model": "claude-haiku-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "What is a tide gate?"}],
}


@pytest.mark.exclusive
async def test_the_first_answer_comes_soon_after_the_start(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    (key,) = await home_with_keys(tmp_path, ["client"])
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    seconds: list[float] = []
    for _ in range(3):
        gateway = GatewayProcess(tmp_path, None, tmp_path / "log", fresh=True)
        began = time.perf_counter()
        await gateway.start()
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{gateway.url}/v1/messages", json=QUESTION, headers=headers) as response,
        ):
            assert response.status == 200
            await response.read()
        seconds.append(time.perf_counter() - began)
        assert await gateway.stop() == 0
    figure(f"start to first answer: {sorted(seconds)[1]:.2f} s (median of 3)")
    assert min(seconds) < 5
