"""Users who come through the official SDK: only `base_url` and the key differ from a direct call."""

import asyncio
import random
from dataclasses import dataclass

from anthropic import APIStatusError, AsyncAnthropic

from tidegate.harness.demo import plan
from tidegate.harness.demo.traffic import question

PER_SECOND = 8.0


@dataclass(slots=True)
class SdkTraffic:
    """Asks `plan.SDK_REQUESTS` questions through the SDK, one in four streamed by its helper."""

    url: str
    key: str
    seed: int
    asked: int = 0
    answered: int = 0
    refused: int = 0
    """Whole answers that were errors: now and then every attempt meets one of the provider's own."""

    async def run(self) -> None:
        draw = random.Random(self.seed)  # noqa: S311 - traffic, not secrets; seeded to be repeatable
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with (
            AsyncAnthropic(base_url=self.url, api_key=self.key, max_retries=0) as client,
            asyncio.TaskGroup() as group,
        ):
            while self.asked < plan.SDK_REQUESTS:
                due += draw.expovariate(PER_SECOND)
                await asyncio.sleep(due - loop.time())
                self.asked += 1
                group.create_task(
                    self._asked(client, draw.randrange(plan.USERS), question(draw), self.asked % 4 == 0)
                )

    async def _asked(self, client: AsyncAnthropic, user: int, text: str, stream: bool) -> None:
        try:
            await self._ask(client, user, text, stream)
        except APIStatusError:
            self.refused += 1

    async def _ask(self, client: AsyncAnthropic, user: int, text: str, stream: bool) -> None:
        if stream:
            async with client.messages.stream(
                model=plan.CLIENT_MODEL,
                max_tokens=300,
                metadata={"user_id": f"user-{user}"},
                messages=[{"role": "user", "content": text}],
            ) as events:
                await events.get_final_message()
        else:
            await client.messages.create(
                model=plan.CLIENT_MODEL,
                max_tokens=300,
                metadata={"user_id": f"user-{user}"},
                messages=[{"role": "user", "content": text}],
            )
        self.answered += 1
