"""What the emulator has seen: counts for assertions, and the latest requests as they came."""

from base64 import b64encode
from collections import deque

import msgspec

from tidegate.harness.emulator.delivery import Told
from tidegate.harness.emulator.message import UsageOut

RECENT_REQUESTS = 64
RECENT_BODY_BYTES = 1 << 18
"""A longer body is kept up to here, so that the ring stays under 16 MiB."""


class UsageTotals(msgspec.Struct):
    """Tokens so far."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0

    def add(self, usage: UsageOut) -> None:
        """Count one bill, or one report of it."""
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cache_read_input_tokens += usage.cache_read_input_tokens
        self.cache_creation_input_tokens += usage.cache_creation_input_tokens


class Counts(msgspec.Struct):
    """Counts since the start or the last reset; the two `open_` numbers are the present state.

    `answers` counts answers sent in full, by status; `models` messages by model id; `skills` requests that
    carried each skill; `faults` faults that struck, by kind; `abandoned` requests whose client went away.
    `usage` is what was billed; `told`, by model id, what usage reports said of it: all a client can know.
    """

    requests: int = 0
    answers: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    models: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    skills: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    faults: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    usage: UsageTotals = msgspec.field(default_factory=UsageTotals)
    told: dict[str, UsageTotals] = msgspec.field(default_factory=dict[str, UsageTotals])
    abandoned: int = 0
    open_requests: int = 0
    open_connections: int = 0

    def bill(self, model: str, usage: UsageOut) -> None:
        """Count one message and its usage."""
        self.models[model] = self.models.get(model, 0) + 1
        self.usage.add(usage)

    def tell(self, told: Told | None) -> None:
        """Count a usage report that was sent, if there was one."""
        if told is not None:
            self.told.setdefault(told.model, UsageTotals()).add(told.usage)

    def answered(self, status: int) -> None:
        """Count one answer that was sent in full."""
        key = str(status)
        self.answers[key] = self.answers.get(key, 0) + 1

    def reset(self) -> None:
        """Back to zero, but for what is open now."""
        self.requests = self.abandoned = 0
        for counter in (self.answers, self.models, self.skills, self.faults):
            counter.clear()
        self.usage = UsageTotals()
        self.told.clear()


class RawRequest(msgspec.Struct, frozen=True):
    """A request as it came over the wire; of one that is too large the body was not kept."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    too_large: bool = False


class ShownRequest(msgspec.Struct, frozen=True):
    """A request as `GET /emulator/recent` shows it: header names lower case, the body in base64."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str
    body_bytes: int


class Recent:
    """The latest requests, by reference; of a long body only the beginning, as a copy."""

    def __init__(self) -> None:
        self._ring: deque[tuple[RawRequest, int]] = deque(maxlen=RECENT_REQUESTS)

    def add(self, request: RawRequest) -> None:
        """Remember a request."""
        size = len(request.body)
        if size > RECENT_BODY_BYTES:
            request = msgspec.structs.replace(request, body=request.body[:RECENT_BODY_BYTES])
        self._ring.append((request, size))

    def clear(self) -> None:
        """Forget them all."""
        self._ring.clear()

    def latest(self, count: int) -> list[ShownRequest]:
        """At most this many, oldest first."""
        return [_shown(request, size) for request, size in self._ring][-count:] if count > 0 else []


def _shown(request: RawRequest, size: int) -> ShownRequest:
    return ShownRequest(
        request.method,
        request.target,
        [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers],
        b64encode(request.body).decode(),
        size,
    )
