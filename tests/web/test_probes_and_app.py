"""Paths to applications, readiness, and an application that is built late."""

import asyncio
import threading
from collections.abc import Sequence

import msgspec
import pytest

from tidegate.web.app import Dispatcher, LazyApp
from tidegate.web.asgi import App, Message, Receive, Send, answer
from tidegate.web.probes import Check, Probes


class Told(msgspec.Struct):
    """What an application answered."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def ask(app: App, path: str, method: str = "GET") -> Told:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
    return Told(sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"])


def named(name: str) -> App:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await answer(send, 200, name.encode())

    return app


async def metrics() -> bytes:
    return b"metrics here"


def probes(*checks: Check) -> Probes:
    return Probes(lambda: checks, metrics, b"text/plain")


def dispatcher() -> Dispatcher:
    return Dispatcher(named("gateway"), named("control"), named("probes"), named("skills"))


@pytest.mark.parametrize(
    ("path", "served_by"),
    [
        ("/v1/messages", b"gateway"),
        ("/v1/", b"gateway"),
        ("/v1/skills", b"skills"),
        ("/v1/skills/skill_a/versions", b"skills"),
        ("/v1/skillset", b"gateway"),
        ("/api/rollouts", b"control"),
        ("/metrics", b"probes"),
        ("/healthz", b"probes"),
        ("/readyz", b"probes"),
    ],
)
async def test_a_path_finds_its_application(path: str, served_by: bytes) -> None:
    told = await ask(dispatcher(), path)
    assert told.body == served_by


@pytest.mark.parametrize("path", ["/", "/v1", "/v1x/messages", "/api", "/healthz/", "//v1/messages", "/v2/x"])
async def test_any_other_path_is_a_404_in_the_error_shape(path: str) -> None:
    told = await ask(dispatcher(), path)
    assert told.status == 404
    assert msgspec.json.decode(told.body)["error"]["type"] == "not_found_error"


async def test_alive_is_said_without_asking_anybody() -> None:
    def never() -> Sequence[Check]:
        raise AssertionError("liveness must not depend on checks")

    told = await ask(Probes(never, metrics, b""), "/healthz")
    assert (told.status, told.body) == (200, b'{"status":"alive"}')


async def test_a_needed_check_that_fails_makes_not_ready() -> None:
    snapshot = Check(name="snapshot", ok=False, detail="none yet", needed=True)
    told = await ask(probes(snapshot, Check(name="store", ok=True, detail="")), "/readyz")
    assert told.status == 503
    document = msgspec.json.decode(told.body)
    assert document["ready"] is False
    assert document["checks"]["snapshot"] == {"ok": False, "detail": "none yet"}


async def test_a_failing_check_that_is_not_needed_is_told_but_ready() -> None:
    told = await ask(probes(Check(name="store", ok=False, detail="away for 3 s")), "/readyz")
    assert told.status == 200
    assert msgspec.json.decode(told.body)["checks"]["store"]["detail"] == "away for 3 s"


async def test_metrics_carry_their_type() -> None:
    told = await ask(probes(), "/metrics")
    assert (told.body, told.headers[b"content-type"]) == (b"metrics here", b"text/plain")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_only_answer_reading(path: str) -> None:
    told = await ask(probes(), path, "POST")
    assert (told.status, told.headers[b"allow"]) == (405, b"GET, HEAD")


async def test_a_late_application_is_built_once_off_the_loop_and_requests_wait() -> None:
    built: list[threading.Thread] = []
    go = threading.Event()

    def build() -> App:
        go.wait(5)
        built.append(threading.current_thread())
        return named("late")

    late = LazyApp(build)
    late.start()
    waiting = [asyncio.create_task(ask(late, "/api/x")) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    go.set()
    assert [(await task).body for task in waiting] == [b"late"] * 3
    assert len(built) == 1
    assert built[0] is not threading.main_thread()
    await late.close()


async def test_an_application_that_cannot_be_built_is_a_503_that_says_why() -> None:
    def build() -> App:
        raise ImportError("no module named fastapi")

    late = LazyApp(build)
    told = await ask(late, "/api/x")
    assert told.status == 503
    assert "no module named fastapi" in msgspec.json.decode(told.body)["error"]["message"]
    await late.close()


async def test_a_client_that_stops_waiting_does_not_stop_the_build() -> None:
    go = threading.Event()

    def build() -> App:
        go.wait(5)
        return named("late")

    late = LazyApp(build)
    impatient = asyncio.create_task(ask(late, "/api/x"))
    await asyncio.sleep(0)
    impatient.cancel()
    go.set()
    assert (await ask(late, "/api/x")).body == b"late"
