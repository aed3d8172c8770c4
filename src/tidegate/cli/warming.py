"""Warming the cache up: a file's requests, asked one by one at a bounded rate, as any client would."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import msgspec

from tidegate.domain.errors import InvalidInput

LONGEST_SECONDS = 600.0
WARM_UP = "tidegate-warm-up"
"""The request header that keeps what it is on out of a rollout's evidence."""

_FORWARDED = ("anthropic-beta", "anthropic-version")
_OWN = ("tidegate-unit", "tidegate-task", "tidegate-skills", "tidegate-conversation")


class WarmRequest(msgspec.Struct, forbid_unknown_fields=True):
    """One line: a Messages request, and the headers that clients send with it."""

    request: msgspec.Raw
    headers: dict[str, str] = {}


@dataclass
class Warming:
    """Answers by `tidegate-cache` (`none`: no variant allows reuse), and what failed, by line."""

    results: Counter[str] = field(default_factory=Counter[str])
    failures: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def document(self) -> dict[str, dict[str, int]]:
        """As JSON shows it."""
        return {"results": dict(sorted(self.results.items())), "failed": {"lines": len(self.failures)}}


def read_warm_file(path: Path) -> Sequence[tuple[int, WarmRequest]]:
    """The lines with their numbers, blank ones left out; raises InvalidInput with the line that is wrong."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as wrong:
        raise InvalidInput(f"{path} cannot be read: {wrong.strerror}") from None
    return [(number, _read(path, number, line)) for number, line in enumerate(lines, 1) if line.strip()]


async def warm(url: str, key: str, requests: Sequence[tuple[int, WarmRequest]], rate: float) -> Warming:
    """Ask them in their order, `rate` a second at most and one at a time; a failure does not end it."""
    done = Warming()
    loop = asyncio.get_running_loop()
    async with httpx2.AsyncClient(base_url=url, timeout=LONGEST_SECONDS) as client:
        due = loop.time()
        for line, asked in requests:
            await asyncio.sleep(due - loop.time())
            due = max(due + 1 / rate, loop.time())
            await _ask(client, key, line, asked, done)
    return done


async def _ask(client: httpx2.AsyncClient, key: str, line: int, asked: WarmRequest, done: Warming) -> None:
    given = {"anthropic-version": "2023-06-01", **asked.headers}
    headers = {**given, "x-api-key": key, "content-type": "application/json", WARM_UP: "true"}
    try:
        response = await client.post("/v1/messages", content=bytes(asked.request), headers=headers)
    except httpx2.TransportError as error:
        done.failures.append((line, f"no answer: {error}; is `tidegate up` running there?"))
        return
    result = response.headers.get("tidegate-cache", "none")
    if response.status_code != 200:
        done.failures.append((line, f"answered {response.status_code}: {response.text[:200]}"))
    elif result in ("none", "bypass"):
        done.failures.append((line, f"cannot be kept ({result}): see docs/explanation/cache.md"))
        done.results[result] += 1
    else:
        done.results[result] += 1


def _read(path: Path, number: int, line: bytes) -> WarmRequest:
    try:
        read = msgspec.json.decode(line, type=WarmRequest)
    except msgspec.DecodeError as wrong:
        raise InvalidInput(
            f'{path}, line {number}: {wrong}; a line is {{"request": {{…}}, "headers": {{…}}}}'
        ) from None
    unknown = sorted({name.lower() for name in read.headers} - {*_FORWARDED, *_OWN})
    if unknown:
        raise InvalidInput(
            f"{path}, line {number}: header {unknown[0]}; allowed: {', '.join((*_FORWARDED, *_OWN))}"
        )
    return read
