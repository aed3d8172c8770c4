"""Refusals of the control API: `{"error": {"type", "message"}}` with the status that fits."""

import logging
from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.faults import status_of, type_of
from tidegate.domain.errors import TidegateError
from tidegate.web.asgi import App, Message, Receive, Send
from tidegate.web.control_api.answers import answer
from tidegate.web.upload_places import RETRY_AFTER_SECONDS

_DEFECT = "an error of Tidegate's own; the log (stderr) of the process that answered has the traceback"

_OF_HTTP = {405: "method_not_allowed", 408: "timeout"}
"""Types of what the control plane itself never refuses by."""

log = logging.getLogger("tidegate.web")


def answer_faults(app: FastAPI) -> None:
    """Answer every refusal of this app in the one shape."""
    app.add_exception_handler(TidegateError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_middleware(_Defects)


def fault(status: int, message: str) -> Response:
    """The answer for a status; text that is no Unicode, which a message may quote, becomes `?`."""
    message = message.encode(errors="replace").decode()
    kind = _OF_HTTP.get(status) or type_of(status)
    return answer({"error": {"type": kind, "message": message}}, status)


def refusal(error: Exception) -> Response:
    """The answer for a TidegateError."""
    response = fault(status_of(error), str(error))
    if response.status_code == 401:
        response.headers["www-authenticate"] = "Bearer"
    if response.status_code == 529:
        response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


class _Defects:
    """ASGI middleware: an error of ours is logged and answered in the one shape, like every refusal."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if begun:
                raise  # half an answer is out: only cutting it tells the client
            log.exception("the control API failed at %s %s", scope["method"], scope["path"])
            await fault(500, _DEFECT)(scope, receive, send)


async def _refused(_: Request, error: Exception) -> Response:
    return refusal(error)


async def _malformed(_: Request, error: Exception) -> Response:
    findings = cast("Sequence[dict[str, Any]]", cast("RequestValidationError", error).errors())
    return fault(400, "; ".join(_finding(finding) for finding in findings))


def _finding(finding: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in finding["loc"])
    return f"{place}: {finding['msg']}"


async def _unrouted(request: Request, error: Exception) -> Response:
    unserved = cast("HTTPException", error)
    detail = unserved.detail
    if unserved.status_code in (404, 405):
        detail = f"{request.method} {request.url.path}: there is no such operation; see /api/openapi.json"
    return fault(unserved.status_code, detail)
