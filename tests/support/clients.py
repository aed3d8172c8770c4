"""Users for flow tests: an open-model stream of requests and what each client saw."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec

CONTRACT = "Review this contract and list the risky clauses."


@dataclass(slots=True)
class Seen:
    """One request as its client saw it; `sent` and `done` in event-loop seconds."""

    sent: float
    status: int = 0
    skills: str = ""
    request_id: str = ""
    done: float = 0.0
    whole: bool = False


@dataclass(slots=True)
class Users:
    """`rate` requests a second from `users` users (0: each request is a user of its own)."""

    url: str
    key: str
    rate: float
    users: int = 2000
    text: str = CONTRACT
    stream_share: float = 0.0
    seed: int = 1
    seen: list[Seen] = field(default_factory=list[Seen])
    broken: int = 0
    _stopping: bool = False

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator["Users"]:
        """Send while the block runs; leave it when every answer is in."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run())
            try:
                yield self
            finally:
                self._stopping = True

    async def _run(self) -> None:
        draw = random.Random(self.seed)
        loop = asyncio.get_running_loop()
        due = loop.time()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            while not self._stopping:
                due += 1 / self.rate
                await asyncio.sleep(due - loop.time())
                group.create_task(self._ask(session, draw))

    async def _ask(self, session: aiohttp.ClientSession, draw: random.Random) -> None:
        loop = asyncio.get_running_loop()
        seen = Seen(loop.time())
        self.seen.append(seen)
        stream = draw.random() < self.stream_share
        body = {
            "model": "claude-sonnet-4-6",
            "max_tokens": 64,
            "stream": stream,
            "metadata": {"user_id": f"user-{draw.randrange(self.users) if self.users else draw.random()}"},
            "messages": [{"role": "user", "content": self.text}],
        }
        headers = {
            "x-api-key": self.key,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
        try:
            async with session.post(
                f"{self.url}/v1/messages", data=msgspec.json.encode(body), headers=headers
            ) as response:
                seen.status = response.status
                seen.skills = response.headers.get("tidegate-skills", "")
                seen.request_id = response.headers.get("tidegate-request-id", "")
                content = await response.read()
            seen.whole = response.status == 200 and (not stream or b"message_stop" in content)
        except aiohttp.ClientError:
            self.broken += 1
        seen.done = loop.time()
