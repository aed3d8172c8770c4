"""The 100-user journey for Locust: a person reads the models, asks, asks on, and votes on an answer.

A closed loop: each user waits for an answer, then thinks. It shows how a session feels; how a gateway bears a
given rate is what `tidegate load` measures. Settings: TIDEGATE_CLIENT_KEY; the host is `--host`.
"""

import itertools
import os
import random

from locust import HttpUser, between, task

MODEL = "claude-sonnet-4-6"
QUESTIONS = (
    "Review this contract and list the risky clauses.",
    "Write an incident summary: checkout failed from 10:02 to 10:31 after a change.",
    "Summarize this log: 10:02:11 ERROR pool exhausted; 10:02:12 WARN retrying; 10:02:14 ERROR timeout.",
    "What is a good name for a small harbour cafe?",
)
_numbers = itertools.count(1)


class Person(HttpUser):
    """One user with one conversation at a time."""

    wait_time = between(1, 9)

    def on_start(self) -> None:
        """Who it is, and which models there are."""
        self.name = f"locust-{next(_numbers)}"
        self.client.headers.update(
            {"x-api-key": os.environ["TIDEGATE_CLIENT_KEY"], "anthropic-version": "2023-06-01"}
        )
        self.client.get("/v1/models", name="models")

    @task(6)
    def ask(self) -> None:
        """One question, one answer."""
        self._ask([self._question()], stream=False)

    @task(3)
    def read_along(self) -> None:
        """One question; the answer is read as it comes."""
        self._ask([self._question()], stream=True)

    @task(2)
    def ask_on(self) -> None:
        """Three turns of one conversation, and a vote on the last answer."""
        turns: list[dict[str, str]] = []
        request_id = ""
        for _ in range(3):
            turns.append(self._question())
            text, request_id = self._ask(turns, stream=False)
            if not text:
                return
            turns.append({"role": "assistant", "content": text})
        vote = {"request_id": request_id, "vote": random.choice(("up", "up", "up", "down"))}  # noqa: S311 - traffic
        self.client.post("/v1/feedback", json=vote, name="feedback")

    def _question(self) -> dict[str, str]:
        return {"role": "user", "content": random.choice(QUESTIONS)}  # noqa: S311 - traffic, not secrets

    def _ask(self, turns: list[dict[str, str]], *, stream: bool) -> tuple[str, str]:
        """The answer's text and its request id; empty where it failed."""
        asked = {
            "model": MODEL,
            "max_tokens": 300,
            "stream": stream,
            "metadata": {"user_id": self.name},
            "messages": turns,
        }
        name = "stream" if stream else f"answer, turn {len(turns) // 2 + 1}"
        with self.client.post("/v1/messages", json=asked, name=name, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return "", ""
            if stream:
                if "event: message_stop" not in response.text:
                    response.failure("the stream ended without message_stop")
                return "", ""
            return response.json()["content"][0]["text"], response.headers["tidegate-request-id"]
