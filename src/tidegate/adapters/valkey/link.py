"""The way to Valkey: every command has a deadline, and a server that is away costs nobody anything."""

import asyncio
import importlib
import logging
from collections.abc import Awaitable
from typing import NoReturn, Protocol, cast

from tidegate.adapters.valkey.settings import ValkeySettings
from tidegate.domain import metrics
from tidegate.ports import Meter

FAILURES_IN_A_ROW = 5
"""So many commands failed one after the other: the server is away until it answers a PING again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
"""Seconds between two PINGs to a server that is away; the pause doubles."""

_LATE_SECONDS = 2.0
"""A command that is late for who asked is still read to its end for so long, to keep its connection."""

_log = logging.getLogger("tidegate.valkey")


class ValkeyAway(Exception):
    """No answer came in time, or none is to be expected: do without."""


class ValkeyRefusal(Exception):
    """The server answered a command with an error."""


class _Client(Protocol):
    def execute_command(self, *args: object) -> Awaitable[object]: ...
    async def aclose(self) -> None: ...


class ValkeyLink:
    """One server for all uses of a process; `open` begins to reach it and waits for nothing.

    Until the server has answered once, and again once it has failed FAILURES_IN_A_ROW commands, every command
    fails at once and one background task knocks.
    """

    def __init__(self, settings: ValkeySettings, meter: Meter) -> None:
        self.prefix = settings.prefix
        self._settings = settings
        self._meter = meter
        self._client: _Client | None = None
        self._refusals: type[Exception] = ValkeyRefusal
        self._failures = 0
        self._knocking: asyncio.Task[None] | None = None
        self._late: set[asyncio.Future[object]] = set()
        self.trouble = "not reached yet"
        """Why the server is away; empty where it is there."""

    @property
    def available(self) -> bool:
        """Commands are sent now."""
        return not self.trouble

    def open(self) -> None:
        """Begin to reach the server, in the background."""
        if self._knocking is None:
            self._knocking = asyncio.create_task(self._knock(), name="valkey-knock")

    async def command(self, use: str, *args: object, within: float | None = None) -> object:
        """The server's answer to one command (bytes, int, None or a list); `use` is the metric's label.

        Raises ValkeyAway where it does not answer `within` so many seconds (default: the setting), at once
        while the server is away; ValkeyRefusal where it answers with an error.
        """
        client = self._client
        if client is None or self.trouble:
            self._count(use, "skipped")
            raise ValkeyAway(self.trouble)
        seconds = within or self._settings.timeout
        asked = asyncio.ensure_future(client.execute_command(*args))
        try:
            await asyncio.wait((asked,), timeout=seconds)
        finally:
            if not asked.done():
                self._leave(asked)
        if not asked.done():
            self._failed(use, "timeout", f"no answer to {args[0]} within {seconds:g} s")
        return self._answer(use, asked)

    async def aclose(self) -> None:
        """Stop knocking, and close every connection."""
        waiting = [*self._late, *([self._knocking] if self._knocking else [])]
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _answer(self, use: str, asked: asyncio.Future[object]) -> object:
        try:
            answer = asked.result()
        except self._refusals as wrong:
            self._failures = 0
            self._count(use, "refused")
            raise ValkeyRefusal(str(wrong)) from wrong
        except Exception as wrong:
            self._failed(use, "error", _said(wrong))
        self._failures = 0
        self._count(use, "ok")
        return answer

    def _failed(self, use: str, result: str, why: str) -> NoReturn:
        """Count a failure and give up on the server after some; always raises ValkeyAway."""
        self._count(use, result)
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW and not self.trouble:
            self.trouble = why
            self._meter.set(metrics.VALKEY_UP, (), 0.0)
            _log.warning("valkey is away; serving on without it", extra={"why": why})
            self._knocking = asyncio.create_task(self._knock(), name="valkey-knock")
        raise ValkeyAway(why)

    def _leave(self, asked: asyncio.Future[object]) -> None:
        """Read a late answer all the same: a connection cut in mid-answer is lost."""
        self._late.add(asked)
        loop = asyncio.get_running_loop()
        cut = loop.call_later(_LATE_SECONDS, asked.cancel)

        def ended(late: asyncio.Future[object]) -> None:
            cut.cancel()
            self._late.discard(late)
            if not late.cancelled():
                late.exception()  # who asked has gone on: it was counted as a timeout

        asked.add_done_callback(ended)

    async def _knock(self) -> None:
        """PING until the server answers."""
        self._meter.set(metrics.VALKEY_UP, (), 0.0)
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._ping()
            except Exception as wrong:
                said = _said(wrong)
                if said != self.trouble:
                    _log.warning("valkey is not reached; serving on without it", extra={"why": said})
                self.trouble = said
            else:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        self._failures = 0
        self.trouble = ""
        self._meter.set(metrics.VALKEY_UP, (), 1.0)
        _log.info("valkey is there")

    async def _ping(self) -> None:
        if self._client is None:
            self._client, self._refusals = await asyncio.to_thread(_make_client, self._settings)
        async with asyncio.timeout(self._settings.connect_timeout):
            await self._client.execute_command("PING")

    def _count(self, use: str, result: str) -> None:
        self._meter.add(metrics.VALKEY_COMMANDS, (use, result))


def _make_client(settings: ValkeySettings) -> tuple[_Client, type[Exception]]:
    """The library's client, and what it raises for an error reply; its import takes long: run on a thread."""
    library = importlib.import_module("valkey.asyncio")
    retries = importlib.import_module("valkey.asyncio.retry")
    backoff = importlib.import_module("valkey.backoff")
    refusals = importlib.import_module("valkey.exceptions").ResponseError
    secure: dict[str, object] = {}
    if settings.url.startswith("valkeys:"):
        secure = {"ssl_check_hostname": True, "ssl_ca_certs": settings.ca_file}
    pool = library.BlockingConnectionPool.from_url(
        settings.url,
        max_connections=settings.max_connections,
        timeout=None,
        socket_connect_timeout=settings.connect_timeout,
        retry=retries.Retry(backoff.NoBackoff(), 0),
        client_name="tidegate",
        **secure,
    )
    return cast(_Client, library.Valkey.from_pool(pool)), refusals


def _said(wrong: Exception) -> str:
    return f"{type(wrong).__name__}: {wrong}"
