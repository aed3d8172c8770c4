"""The users: an open-model stream of requests, timed by its schedule and not by the answers."""

import asyncio
import itertools
import random
from bisect import bisect
from dataclasses import dataclass, field

import aiohttp
import msgspec

from tidegate.harness.demo import plan

MATERIAL = """\
Section {n}. The harbour office keeps the gate log and the supplier keeps the pumps. Either side may ask for a
reading of the water level at any hour, and gives it within ten minutes. Work on the wall is announced a week
ahead; what cannot wait is announced at once. Costs above the agreed sum need a signature from both sides.
"""

DOCUMENT = "".join(MATERIAL.format(n=n) for n in range(1, 13))
"""What users paste: about 1,000 tokens, the median prompt of the chat trace AzureLLMInferenceTrace 2023."""

QUESTIONS: tuple[tuple[str, float], ...] = (
    ("Review this contract and list the risky clauses.", 0.40),
    ("Write an incident summary: checkout failed from 10:02 to 10:31 after a configuration change.", 0.25),
    (
        "Summarize this log: 10:02:11 ERROR pool exhausted; 10:02:12 WARN retrying; 10:02:14 ERROR timeout",
        0.25,
    ),
    ("What is a good name for a small harbour cafe?", 0.10),
)
"""What users ask about it, and how often; the last one needs no skill."""


@dataclass(slots=True)
class Answer:
    """One request as its client saw it; times are event-loop seconds."""

    sent: float
    status: int = 0
    skills: str = ""
    request_id: str = ""
    complete: bool = False


@dataclass(slots=True)
class Traffic:
    """Sends `rate` requests a second until stopped, each a task of its own, and keeps what came back."""

    url: str
    key: str
    seed: int
    rate: float = plan.RATE_PER_SECOND
    answers: list[Answer] = field(default_factory=list[Answer])
    _stopping: bool = False

    async def run(self) -> None:
        """Until `stop`; returns once every answer is in."""
        draw = random.Random(self.seed)  # noqa: S311 - traffic, not secrets; seeded to be repeatable
        weights = list(itertools.accumulate((i + 1) ** -plan.ZIPF_EXPONENT for i in range(plan.USERS)))
        loop = asyncio.get_running_loop()
        due = loop.time()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            while not self._stopping:
                due += draw.expovariate(self.rate)
                await asyncio.sleep(due - loop.time())
                user = bisect(weights, draw.random() * weights[-1])
                group.create_task(self._ask(session, user, draw))

    def stop(self) -> None:
        self._stopping = True

    async def _ask(self, session: aiohttp.ClientSession, user: int, draw: random.Random) -> None:
        body, stream = _request(user, draw)
        answer = Answer(asyncio.get_running_loop().time())
        self.answers.append(answer)
        headers = {
            "x-api-key": self.key,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
        async with session.post(f"{self.url}/v1/messages", data=body, headers=headers) as response:
            content = await response.read()
            answer.status = response.status
            answer.skills = response.headers.get("tidegate-skills", "")
            answer.request_id = response.headers.get("tidegate-request-id", "")
            answer.complete = not stream or b"message_stop" in content or response.status != 200


def question(draw: random.Random) -> str:
    """One user text, drawn by the shares above, with the document under it."""
    asked = draw.choices([text for text, _ in QUESTIONS], [share for _, share in QUESTIONS])[0]
    return f"{asked}\n\n{DOCUMENT}"


def _request(user: int, draw: random.Random) -> tuple[bytes, bool]:
    stream = draw.random() < 0.3
    body = {
        "model": plan.CLIENT_MODEL,
        "max_tokens": 300,
        "stream": stream,
        "metadata": {"user_id": f"user-{user}"},
        "messages": [{"role": "user", "content": question(draw)}],
    }
    return msgspec.json.encode(body), stream
