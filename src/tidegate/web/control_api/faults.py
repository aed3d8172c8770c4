"""Refusals of the control API: `{"error": {"type", "message"}}` with the status that fits."""

from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.faults import status_of, type_of
from tidegate.domain.errors import TidegateError
from tidegate.web.control_api.answers import answer


def answer_faults(app: FastAPI) -> None:
    """Answer every refusal of this app in the one shape."""
    app.add_exception_handler(TidegateError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _unrouted)


def fault(status: int, message: str) -> Response:
    """The answer for a status."""
    kind = "method_not_allowed" if status == 405 else type_of(status)
    return answer({"error": {"type": kind, "message": message}}, status)


async def _refused(_: Request, error: Exception) -> Response:
    response = fault(status_of(error), str(error))
    if response.status_code == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def _malformed(_: Request, error: Exception) -> Response:
    findings = cast("Sequence[dict[str, Any]]", cast("RequestValidationError", error).errors())
    return fault(400, "; ".join(_finding(finding) for finding in findings))


def _finding(finding: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in finding["loc"])
    return f"{place}: {finding['msg']}"


async def _unrouted(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    detail = refusal.detail
    if refusal.status_code in (404, 405):
        detail = f"{request.method} {request.url.path}: there is no such operation; see /api/openapi.json"
    return fault(refusal.status_code, detail)
