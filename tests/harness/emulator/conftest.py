"""A running emulator, an HTTP client on it, and requests to start from."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from tidegate.harness.emulator import Emulator, Profile, start_emulator

HEADERS = {"x-api-key": "key-one", "anthropic-version": "2023-06-01"}

Start = Callable[..., Awaitable[Emulator]]
Body = Callable[..., dict[str, object]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts emulators and closes them at the end."""
    running: list[Emulator] = []

    async def begin(profile: Profile | None = None, **options: object) -> Emulator:
        emulator = await start_emulator(profile or Profile(), **options)  # type: ignore[arg-type] # passed through
        running.append(emulator)
        return emulator

    yield begin
    for emulator in running:
        await emulator.close()


@pytest.fixture
async def emulator(start: Start) -> Emulator:
    return await start()


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=emulator.url, headers=HEADERS, timeout=10) as client:
        yield client


@pytest.fixture
def body() -> Body:
    """A good request with these fields over it; None leaves a field out."""

    def make(text: str = "hello", **fields: object) -> dict[str, object]:
        whole: dict[str, object] = {
            "model": "claude-haiku-4-5",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": text}],
            **fields,
        }
        return {name: value for name, value in whole.items() if value is not None}

    return make


@pytest.fixture
def raw() -> Callable[..., bytes]:
    """A whole HTTP request as bytes."""

    def make(body: object, *, path: str = "/v1/messages", method: str = "POST", headers: str = "") -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n"
            f"content-length: {len(data)}\r\n{headers}\r\n"
        )
        return head.encode() + data

    return make
