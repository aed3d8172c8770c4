"""Calls to an ASGI app in this process, its answer read while it is still being written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import cast

import httpx2

Message = MutableMapping[str, object]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_PIECES_AHEAD = 4


class InProcessTransport(httpx2.AsyncBaseTransport):
    """Sends requests to `app`; unlike the library's own transport it does not gather the body first."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = _Answer(self._app, _scope(request), await request.aread())
        status, headers = await answer.head()
        return httpx2.Response(status, headers=headers, stream=answer)


class _Answer(httpx2.AsyncByteStream):
    """One call of the app, which runs as a task a few pieces ahead of its reader."""

    def __init__(self, app: App, scope: Message, body: bytes) -> None:
        self._request: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(_PIECES_AHEAD)
        self._task = asyncio.create_task(self._run(app, scope))

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        start = await self._messages.get()
        if start is None:
            await self._task
            raise RuntimeError("the control API ended without an answer")
        return cast("int", start["status"]), cast("list[tuple[bytes, bytes]]", start.get("headers", []))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._messages.get()) is not None:
            yield cast("bytes", message.get("body", b""))
        await self._task

    async def aclose(self) -> None:
        """Leave: the app is cancelled where it still writes; who reads to the end learns of its faults."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self, app: App, scope: Message) -> None:
        try:
            await app(scope, self._receive, self._messages.put)
        except Exception:
            await self._messages.put(None)
            raise
        await self._messages.put(None)

    async def _receive(self) -> Message:
        if self._request:
            return self._request.pop()
        await asyncio.Event().wait()  # the reader leaves by cancelling the task, never by a message
        raise AssertionError("unreachable")


def _scope(request: httpx2.Request) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
