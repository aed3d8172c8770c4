"""The ASGI application: `/v1` to the gateway but for skills, `/api` to the control API, probes."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import msgspec

from tidegate.domain.chat.errors import messages_error
from tidegate.web.asgi import App, Message, Receive, Send, answer

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

log = logging.getLogger("tidegate.web")


class LazyApp:
    """An application whose imports take long: built in a thread after start; a first request waits for it."""

    def __init__(self, build: Callable[[], App]) -> None:
        self._build = build
        self._app: asyncio.Task[App] | None = None

    def start(self) -> asyncio.Task[App]:
        """Begin to build, once; a request does so too where nobody has."""
        if self._app is None:
            self._app = asyncio.create_task(asyncio.to_thread(self._build), name="control-api")
        return self._app

    async def close(self) -> None:
        """Wait for a build under way, so that no thread outlives the loop."""
        if self._app is not None:
            with contextlib.suppress(Exception):  # a failed build has been told to whoever asked for it
                await self._app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            app = await asyncio.shield(self.start())
        except Exception as failure:
            log.exception("the application behind %s could not be built", scope["path"])
            await answer(send, 503, _unavailable(failure, str(scope["path"])))
            return
        await app(scope, receive, send)


class Dispatcher:
    """Sends each request where its path says; a path nobody serves is a 404 in the gateway's error shape."""

    def __init__(self, gateway: App, control: App, probes: App, skills: App) -> None:
        self._gateway = gateway
        self._skills = skills
        self._control = control
        self._probes = probes

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        """What is to be awaited for the request."""
        path: str = scope["path"]
        if path.startswith("/v1/skills") and path[10:11] in ("", "/"):
            return self._skills(scope, receive, send)
        if path.startswith("/v1/"):
            return self._gateway(scope, receive, send)
        if path.startswith("/api/"):
            return self._control(scope, receive, send)
        if path in _PROBES:
            return self._probes(scope, receive, send)
        return answer(send, 404, _NOTHING_HERE)


def _unavailable(failure: Exception, path: str) -> bytes:
    message = f"what serves {path} could not be started: {failure}; see the log, then restart the gateway"
    if path.startswith("/v1/"):
        return messages_error(503, message)
    return msgspec.json.encode({"error": {"type": "unavailable", "message": message}})


_NOTHING_HERE = messages_error(
    404, "nothing is served here; the Messages API is under /v1/, the control API under /api/"
)
