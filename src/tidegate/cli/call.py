"""How commands reach the control API: over HTTP where TIDEGATE_URL is set, else in process on the home."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from getpass import getuser

import httpx2
import msgspec

from tidegate.cli.in_process import InProcessTransport
from tidegate.control.faults import error_of
from tidegate.domain.errors import InvalidInput, TidegateError

_TIMEOUT = httpx2.Timeout(60.0, connect=5.0)
_IN_PROCESS = "http://tidegate.home"
_DRY_RUN = "tidegate-dry-run"


class ControlSession:
    """An open way to the control API; both calls raise the TidegateError that the answer stands for."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object | None = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> object:
        """The decoded JSON of one answer; `json` or `content` (a zip) is the body."""
        try:
            response = await self._client.request(
                method,
                path,
                content=_body(json, content),
                headers={**_headers(json, content), **(headers or {})},
                params=params,
            )
        except httpx2.TransportError as error:
            raise _unreachable(self._client, error) from error
        if response.status_code >= 400:
            raise _refusal(response.status_code, response.content)
        return _document(self._client, response.content)

    async def stream(self, path: str, *, params: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        """The pieces of a long answer as they come."""
        try:
            async with self._client.stream("GET", path, params=params) as response:
                if response.status_code >= 400:
                    raise _refusal(response.status_code, await response.aread())
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx2.TransportError as error:
            raise _unreachable(self._client, error) from error


@asynccontextmanager
async def session() -> AsyncGenerator[ControlSession]:
    """Open the way the environment names: TIDEGATE_URL with TIDEGATE_KEY, else the home's own store."""
    url = os.environ.get("TIDEGATE_URL")
    opened = _remote(url) if url else _local()
    async with opened as client:
        yield ControlSession(client)


async def call(
    method: str,
    path: str,
    *,
    json: object | None = None,
    content: bytes | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> object:
    """One call in a session of its own; a dry run changes nothing."""
    told = {**(headers or {}), **({_DRY_RUN: "true"} if dry_run else {})}
    async with session() as control:
        return await control.call(method, path, json=json, content=content, params=params, headers=told)


@asynccontextmanager
async def _remote(url: str) -> AsyncGenerator[httpx2.AsyncClient]:
    key = os.environ.get("TIDEGATE_KEY")
    if not key:
        raise InvalidInput(
            f"TIDEGATE_URL is set ({url}) but TIDEGATE_KEY is not; set it to a viewer, publisher or operator "
            "key, or unset TIDEGATE_URL to work on the home itself"
        )
    if not (key.isascii() and key.isprintable()):
        raise InvalidInput(
            "TIDEGATE_KEY holds a character that no key has; copy the key again, it begins with tgk_"
        )
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=_base(url), headers=headers, timeout=_TIMEOUT) as client:
        yield client


def _base(url: str) -> httpx2.URL:
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise InvalidInput(f"TIDEGATE_URL {url!r} is no URL: {error}; use http://HOST:PORT") from error
    if base.scheme not in ("http", "https") or not base.host:
        raise InvalidInput(f"TIDEGATE_URL {url!r} is not where a gateway can be; use http://HOST:PORT")
    return base


@asynccontextmanager
async def _local() -> AsyncGenerator[httpx2.AsyncClient]:
    from tidegate.bootstrap.control import open_control  # noqa: PLC0415 -- a remote call needs none of the server
    from tidegate.config import load  # noqa: PLC0415 -- the same

    async with open_control(load().settings, actor=_user()) as app:
        transport = InProcessTransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=_IN_PROCESS) as client:
            yield client


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"  # containers run as users that have no name


def _document(client: httpx2.AsyncClient, body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TidegateError(
            f"{client.base_url} answered without JSON: no control API of Tidegate is there; see TIDEGATE_URL"
        ) from error


def _body(json: object | None, content: bytes | None) -> bytes | None:
    return content if json is None else msgspec.json.encode(json)


def _headers(json: object | None, content: bytes | None) -> dict[str, str]:
    if json is not None:
        return {"content-type": "application/json"}
    return {} if content is None else {"content-type": "application/zip"}


def _refusal(status: int, body: bytes) -> TidegateError:
    try:
        message = msgspec.json.decode(body, type=_Fault).error.message
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"the server answered {status}: {body[:200].decode(errors='replace')}"
    return error_of(status, message)


def _unreachable(client: httpx2.AsyncClient, error: Exception) -> TidegateError:
    return TidegateError(f"cannot reach {client.base_url}: {error}; is `tidegate up` running there?")


class _FaultBody(msgspec.Struct):
    message: str


class _Fault(msgspec.Struct):
    error: _FaultBody
