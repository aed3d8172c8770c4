"""Refusals of the Skills API, in the Anthropic API's error shape."""

import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.faults import status_of
from tidegate.domain.chat.errors import messages_error
from tidegate.domain.errors import TidegateError
from tidegate.ports import Clock
from tidegate.serving.exchange_id import exchange_id
from tidegate.serving.refusal import refusal_headers
from tidegate.web.upload_places import RETRY_AFTER_SECONDS

_DEFECT = "an error of Tidegate's own; the log (stderr) of the process that answered has the traceback"

log = logging.getLogger("tidegate.web")

Refuse = Callable[[Exception], Response]


def refusal_of(clock: Clock) -> Refuse:
    """Words an error as an answer with a request id of its own."""

    def refuse(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            status, message = error.status_code, error.detail
        else:
            status, message = status_of(error), str(error)
        request_id = exchange_id(clock.now())
        shown = message.encode(errors="replace").decode()  # a message may quote what is no Unicode
        response = Response(messages_error(status, shown, request_id), status)
        response.raw_headers.extend(refusal_headers(status, request_id))
        if status == 529:
            response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
            response.headers["x-should-retry"] = "true"
        if status == 409:
            response.headers["x-should-retry"] = "false"  # the SDK would send the same again, twice
        return response

    return refuse


def answer_faults(app: Starlette, refuse: Refuse) -> None:
    """Answer every refusal of this app in the one shape."""

    async def refused(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code in (404, 405):
            detail = f"{request.method} {request.url.path}: there is no such operation in the Skills API"
            return refuse(HTTPException(error.status_code, detail))
        return refuse(error)

    async def failed(request: Request, error: Exception) -> Response:
        del error
        log.exception("the Skills API failed at %s %s", request.method, request.url.path)
        return refuse(HTTPException(500, _DEFECT))

    app.add_exception_handler(TidegateError, refused)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, failed)
