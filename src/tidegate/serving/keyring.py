"""The keys of the upstreams: read from their sources beside the requests, put in place as a whole.

A key that cannot be read anew goes on being used. Nothing here logs, shows or counts the key itself.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from tidegate.domain import metrics
from tidegate.domain.credential import (
    RENEWED_WITHIN_SECONDS,
    may_read_early,
    next_reading,
)
from tidegate.domain.errors import InvalidInput
from tidegate.ports import Clock, CredentialSource, Header, Meter
from tidegate.serving.upstreams import Endpoint, Upstreams

LOOK_SECONDS = 1.0
"""How often sources are asked whether they have changed."""

TOLD_SECONDS = 60.0
"""How long a refusal by the upstream is told of as trouble."""

AGAIN_SECONDS = 1.0
"""When asking again may help, where a new key has come or is on its way."""

_log = logging.getLogger("tidegate.credentials")


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One credential: the endpoint it opens, where its key comes from, where it is configured."""

    name: str
    endpoint: Endpoint
    source: CredentialSource
    place: str

    @property
    def told(self) -> str:
        """The credential, for a person."""
        whose = f"tenant {self.endpoint.tenant}" if self.endpoint.own else "the gateway"
        return f"credential {self.name} ({self.place}; of {whose}, for the upstream {self.endpoint.name})"


class _Kept:
    """A slot with what is known of it."""

    __slots__ = (
        "asked_at",
        "endpoint",
        "failing_since",
        "failures",
        "key",
        "logged_at",
        "next_at",
        "refused",
        "slot",
        "task",
        "trouble",
    )

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.endpoint = slot.endpoint
        self.key: str | None = None
        self.failures = 0
        self.failing_since: float | None = None
        self.trouble = ""
        self.next_at: float | None = None
        self.asked_at: float | None = None
        self.logged_at: float | None = None
        self.refused: tuple[int, float] | None = None
        self.task: asyncio.Task[None] | None = None


class Keyring:
    """Opens the endpoints of `upstreams` with the keys of these slots, and keeps them open."""

    def __init__(self, slots: Sequence[Slot], upstreams: Upstreams, meter: Meter, clock: Clock) -> None:
        self._kept = {slot.name: _Kept(slot) for slot in slots}
        self._upstreams = upstreams
        self._meter = meter
        self._clock = clock
        self._wake = asyncio.Event()

    async def open(self) -> None:
        """Read every key once; raises InvalidInput with each that has to be there and is not.

        A tenant's own may come later, unless nothing but a restart can bring it: one tenant's secret must not
        keep the others out. Until then its requests are refused, and never sent with another key.
        """
        await asyncio.gather(*(self._read(kept) for kept in self._kept.values()))
        missing = [kept for kept in self._kept.values() if kept.key is None]
        needed = [kept for kept in missing if kept.slot.source.fixed or not kept.slot.endpoint.own]
        if needed:
            told = "\n  ".join(f"{kept.slot.told}: {kept.trouble}" for kept in needed)
            raise InvalidInput(f"keys for upstreams are missing:\n  {told}")
        for kept in missing:
            self._upstreams.put(msgspec.structs.replace(self._with(kept, ()), locked=True))

    async def run(self) -> None:
        """Keep the keys until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            for task in self._tasks():
                task.cancel()

    async def look(self) -> None:
        """Begin to read what is due or has changed."""
        kept = [each for each in self._kept.values() if not each.slot.source.fixed and each.task is None]
        changed = await asyncio.gather(*(each.slot.source.changed() for each in kept))
        now = self._clock.monotonic()
        for each, other in zip(kept, changed, strict=True):
            if (other or (each.next_at is not None and now >= each.next_at)) and each.task is None:
                each.task = asyncio.create_task(self._read(each), name=f"credential {each.slot.name}")

    async def settle(self) -> None:
        """Wait for the readings that have begun."""
        await asyncio.gather(*self._tasks())

    def reread(self) -> None:
        """Read everything again now (SIGHUP)."""
        _log.info("reading all credentials again", extra={"credentials": len(self._kept)})
        for kept in self._kept.values():
            self._ask(kept)

    def refused(self, endpoint: Endpoint, status: int) -> float | None:
        """An upstream has refused the endpoint's key: seconds until asking again may help, None for never.

        A 401 causes one early reading in a while. A key that is another one by now needs none.
        """
        kept = self._kept[endpoint.credential]
        self._meter.add(metrics.CREDENTIAL_REFUSALS, (endpoint.credential, str(status)))
        if kept.endpoint.credentials != endpoint.credentials:
            return AGAIN_SECONDS
        now = self._clock.monotonic()
        kept.refused = status, now
        renews = status == 401 and not kept.slot.source.fixed
        if renews and may_read_early(now, kept.asked_at):
            kept.asked_at = now
            self._ask(kept)
        if may_read_early(now, kept.logged_at):
            kept.logged_at = now
            what = "it is read again" if renews else "mend it there, or configure another one"
            _log.error(
                "an upstream refuses a credential",
                extra={"credential": kept.slot.told, "status": status, "now": what},
            )
        renewing = renews and kept.asked_at is not None and now - kept.asked_at < RENEWED_WITHIN_SECONDS
        return AGAIN_SECONDS if renewing else None

    def troubles(self) -> list[str]:
        """What a person should look at."""
        now = self._clock.monotonic()
        told: list[str] = []
        for kept in self._kept.values():
            if kept.trouble:
                use = "the last good key is used" if kept.key is not None else "its requests are refused"
                told.append(f"{kept.slot.told} cannot be read, {use}: {kept.trouble}")
            if kept.refused is not None and now - kept.refused[1] < TOLD_SECONDS:
                status, at = kept.refused
                told.append(
                    f"{kept.slot.told} was refused with {status} by the upstream {now - at:.0f} s ago"
                )
        return told

    @property
    def size(self) -> int:
        """How many keys there are."""
        return len(self._kept)

    def gauge(self) -> None:
        """Show for how long each could not be read."""
        now = self._clock.monotonic()
        for name, kept in self._kept.items():
            since = kept.failing_since
            self._meter.set(metrics.CREDENTIAL_STALE, (name,), 0.0 if since is None else now - since)

    async def _read(self, kept: _Kept) -> None:
        """One reading, and what it comes to."""
        try:
            key = await kept.slot.source.read()
        except InvalidInput as wrong:
            self._failed(kept, str(wrong))
        except Exception as fault:  # the other keys, and the last good one of this, are kept all the same
            _log.exception(
                "reading a credential failed by a fault of ours", extra={"credential": kept.slot.told}
            )
            self._failed(kept, f"the gateway's own fault ({type(fault).__name__}); its log has more")
        else:
            self._good(kept, key)
        finally:
            kept.task = None
        wait = next_reading(kept.slot.source.refresh, kept.failures)
        kept.next_at = None if wait is None else self._clock.monotonic() + wait

    def _good(self, kept: _Kept, key: str) -> None:
        changed = key != kept.key
        if kept.failures or (changed and kept.key is not None):
            _log.info("a credential is read", extra={"credential": kept.slot.told, "changed": changed})
        kept.failures, kept.failing_since, kept.trouble = 0, None, ""
        self._meter.add(metrics.CREDENTIAL_READS, (kept.slot.name, "changed" if changed else "same"))
        if changed:
            kept.key, kept.refused, kept.asked_at, kept.logged_at = key, None, None, None
            kept.endpoint = self._with(kept, opening(key, chat=kept.slot.endpoint.chat))
            self._upstreams.put(kept.endpoint)

    def _failed(self, kept: _Kept, trouble: str) -> None:
        now = self._clock.monotonic()
        kept.failures += 1
        kept.failing_since = now if kept.failing_since is None else kept.failing_since
        self._meter.add(metrics.CREDENTIAL_READS, (kept.slot.name, "failed"))
        if trouble != kept.trouble or kept.failures & (kept.failures - 1) == 0:
            _log.warning(
                "a credential cannot be read",
                extra={
                    "credential": kept.slot.told,
                    "why": trouble,
                    "failures": kept.failures,
                    "used": "the last good key" if kept.key is not None else "none: its requests are refused",
                },
            )
        kept.trouble = trouble

    def _with(self, kept: _Kept, credentials: tuple[Header, ...]) -> Endpoint:
        return msgspec.structs.replace(
            kept.slot.endpoint,
            credentials=credentials,
            credential=kept.slot.name,
            on_refused=self.refused,
        )

    def _ask(self, kept: _Kept) -> None:
        """Have it read at the next look, which comes at once."""
        kept.next_at = self._clock.monotonic()
        self._wake.set()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [kept.task for kept in self._kept.values() if kept.task is not None]


def opening(key: str, *, chat: bool) -> tuple[Header, ...]:
    """The headers that show a key to an upstream."""
    if chat:
        return ((b"authorization", b"Bearer " + key.encode("ascii")),)
    return ((b"x-api-key", key.encode("ascii")),)
