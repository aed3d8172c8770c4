"""The front of every API for people's tools: who calls is known, and whether they may, before a byte of the
body is read, and no body is endless.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import cast

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tidegate.control.caller import Authenticate
from tidegate.domain.errors import TidegateError, TooLarge
from tidegate.web.asgi import App, Message, Receive, Send
from tidegate.web.route_scopes import RouteScopes, ScopeTable
from tidegate.web.upload_places import UploadPlaces

CALLER = "tidegate.caller"
"""Where the scope keeps the authenticated `Caller`, if the table of scopes lets them through."""

MAX_BODY_BYTES = 1_000_000

OPEN = frozenset({"/api/openapi.json"})

SIGNED = "/api/approvals/"
"""What is below needs no key: a signature in the path says whose approval it is, and of what."""


class Gate:
    """ASGI middleware: authenticates every call but that for the description and those by a signed link,
    judges it by the table of scopes, and bounds its body.

    What the table lacks has no caller in its scope, so no operation answers it. `takes_uploads` says by
    method and path where a body may have `upload_bytes`, which a package needs: such a request waits for
    one of `places` before its body is read. `refusal` words errors.
    """

    def __init__(
        self,
        app: App,
        *,
        authenticate: Authenticate,
        scopes: RouteScopes,
        takes_uploads: Callable[[str, str], bool],
        upload_bytes: int,
        places: UploadPlaces,
        refusal: Callable[[Exception], Response],
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._scopes = ScopeTable(scopes)
        self._takes_uploads = takes_uploads
        self._upload_bytes = upload_bytes
        self._places = places
        self._refusal = refusal

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as held:
            try:
                limit = await self._admitted(scope, held)
            except TidegateError as error:
                await self._refusal(error)(scope, receive, send)
                return
            seconds = self._places.body_seconds if limit > MAX_BODY_BYTES else None
            await self._app(scope, _bounded(receive, limit, seconds), send)

    async def _admitted(self, scope: Message, held: AsyncExitStack) -> int:
        """Bytes that the body may have; a place for an upload is given back with what is `held`."""
        upload = self._takes_uploads(scope["method"], scope["path"])
        limit = self._upload_bytes if upload else MAX_BODY_BYTES
        headers = Headers(raw=scope["headers"])
        if scope["path"] not in OPEN and not scope["path"].startswith(SIGNED):
            caller = await self._authenticate(headers)
            row = self._scopes.find(scope["method"], scope["path"])
            if row is not None:
                row.check(caller)
                scope[CALLER] = caller
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            raise TooLarge(_too_large(limit))
        if upload:
            await held.enter_async_context(self._places.place())
        return limit


def _bounded(receive: Receive, limit: int, seconds: float | None) -> Receive:
    """The body, given up as soon as it grows beyond the limit, whatever its headers say, or takes longer."""
    read = 0
    until = None if seconds is None else asyncio.get_running_loop().time() + seconds

    async def bounded() -> Message:
        nonlocal read, until
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, _too_slow(seconds)) from None
        read += len(cast("bytes", message.get("body", b"")))
        if read > limit:
            raise HTTPException(413, _too_large(limit))  # any other error FastAPI takes for a malformed body
        if not message.get("more_body", False):
            until = None  # what comes after it is that the client leaves, however late
        return message

    return bounded


def _too_slow(seconds: float | None) -> str:
    return f"the body was not whole after {seconds or 0:g} s; send it over a faster line, or a smaller one"


def _too_large(limit: int) -> str:
    return f"the body is larger than the {limit:,} bytes that are taken here; send a smaller one"
