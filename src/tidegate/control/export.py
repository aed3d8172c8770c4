"""The ledger as lines for other programs: JSON Lines or CSV, one exchange a line."""

import csv
import io
from collections.abc import AsyncIterator
from typing import cast

import msgspec

from tidegate.control.timestamp import rfc3339
from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import Exchange, Usage
from tidegate.ports import Ledger, LedgerQuery

FORMATS = ("jsonl", "csv")

FIELDS = (
    *("id", "at", "tenant", "unit_hash", "rollout", "stage", "arm", "triggered", "skills", "model"),
    *("outcome", "skill_outcome", "status", "seconds", "first_token_seconds", "usage", "cost_usd"),
    *("cache", "fallback", "attempts", "attempt", "counted", "task", "message_id", "routed", "route"),
    *("turns", "skill_errors", "first_attempt_failed"),
)
"""The names on a line, in order; in CSV `usage` becomes one column a kind, `skills` a JSON text."""

_CHUNK_LINES = 200
_USAGE = Usage.__struct_fields__
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = dict[str, object]


def line(exchange: Exchange) -> Line:
    """One exchange with its fixed field names; times RFC 3339 UTC, durations seconds, cost US dollars."""
    values = {name: getattr(exchange, name) for name in FIELDS}
    values["at"] = rfc3339(exchange.at)
    values["stage"] = exchange.stage_name
    values["usage"] = {name: getattr(exchange.usage, name) for name in _USAGE}
    return values


def require_format(text: str) -> str:
    """Raises InvalidInput for a format that is not written."""
    if text not in FORMATS:
        raise InvalidInput(f"format {text!r}: use one of {', '.join(FORMATS)}")
    return text


async def export(ledger: Ledger, query: LedgerQuery, form: str) -> AsyncIterator[bytes]:
    """The export in pieces of some hundred lines, so that neither side holds it whole."""
    write = _jsonl if require_format(form) == "jsonl" else _csv
    if write is _csv:
        yield _csv_header()
    lines: list[Line] = []
    async for exchange in ledger.export(query):
        lines.append(line(exchange))
        if len(lines) == _CHUNK_LINES:
            yield write(lines)
            lines.clear()
    if lines:
        yield write(lines)


def _jsonl(lines: list[Line]) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in lines)


def _csv_header() -> bytes:
    columns = [column for name in FIELDS for column in (_USAGE if name == "usage" else (name,))]
    return (",".join(columns) + "\r\n").encode()


def _csv(lines: list[Line]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for one in lines:
        writer.writerow([cell for name, value in one.items() for cell in _cells(name, value)])
    return buffer.getvalue().encode()


def _cells(name: str, value: object) -> list[object]:
    if name == "usage":
        return list(cast("dict[str, object]", value).values())
    if name in ("skills", "skill_errors"):
        return [msgspec.json.encode(value).decode()]
    return [_harmless(value) if isinstance(value, str) else value]


def _harmless(text: str) -> str:
    """A client chose some of these texts, and a spreadsheet would run one that looks like a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
