"""Paths to applications, readiness, and an application that is built late."""

import asyncio
import threading
from collections.abc import Sequence

import msgspec
import pytest

from tidegate.domain.access import KeyRecord, Role, hash_secret
from tidegate.web.app import Dispatcher, LazyApp
from tidegate.web.asgi import App, Message, Receive, Send, answer
from tidegate.web.probes import Check, Probes


class Told(msgspec.Struct):
    """What an application answered."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


NEAR = ("127.0.0.1", 50_000)


async def ask(
    app: App,
    path: str,
    method: str = "GET",
    *,
    peer: tuple[str, int] | None = NEAR,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Told:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": peer}
    await app(scope, receive, send)
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


def remembered(*keys: KeyRecord) -> Probes:
    check = Check(name="credentials", ok=False, detail="credential acme (file:/etc/acme; of tenant acme)")
    by_hash = {key.secret_hash: key for key in keys}
    return Probes(lambda: [check], metrics, b"", lambda: by_hash, lambda: 100.0)


def a_key(secret: str, role: Role, tenant: str = "default", expires_at: float | None = None) -> KeyRecord:
    return KeyRecord(
        id=f"key_{secret}",
        name=secret,
        role=role,
        tenant=tenant,
        secret_hash=hash_secret(secret),
        created_at=1.0,
        expires_at=expires_at,
    )


FAR = ("192.0.2.7", 50_000)
KEYS = (
    a_key("viewer", Role.VIEWER),
    a_key("publisher", Role.PUBLISHER),
    a_key("operator", Role.OPERATOR, expires_at=100.5),
    a_key("client", Role.CLIENT),
    a_key("other", Role.OPERATOR, tenant="acme"),
    a_key("late", Role.OPERATOR, expires_at=100.0),
)


@pytest.mark.parametrize(
    ("peer", "headers", "whole"),
    [
        (NEAR, [], True),
        (("127.9.9.9", 1), [], True),
        (("::1", 1), [], True),
        (("::ffff:127.0.0.1", 1), [], True),
        (("::ffff:192.0.2.7", 1), [], False),
        (("10.0.0.1", 1), [], False),
        (("localhost.example", 1), [], False),
        (None, [], False),
        (FAR, [], False),
        *((NEAR, [(name, b"192.0.2.7")], False) for name in (b"x-forwarded-for", b"X-Real-IP", b"forwarded")),
        (NEAR, [(b"via", b"1.1 proxy"), (b"x-api-key", b"viewer")], True),
        *((FAR, [(b"x-api-key", secret)], True) for secret in (b"viewer", b"publisher", b"operator")),
        (FAR, [(b"authorization", b"Bearer viewer")], True),
        *((FAR, [(b"x-api-key", secret)], False) for secret in (b"client", b"other", b"late", b"guess", b"")),
    ],
)
async def test_details_are_told_on_the_machine_and_to_keys_that_may_read_everything(
    peer: tuple[str, int] | None, headers: list[tuple[bytes, bytes]], whole: bool
) -> None:
    told = await ask(remembered(*KEYS), "/readyz", peer=peer, headers=headers)
    (check,) = msgspec.json.decode(told.body)["checks"].values()
    assert (told.status, check["ok"], "detail" in check) == (200, False, whole)
    assert (b"acme" in told.body) is whole


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
