"""Recorded traffic: a CSV with `TIMESTAMP,ContextTokens,GeneratedTokens` (AzureLLMInferenceTrace)."""

import csv
from datetime import datetime
from pathlib import Path

import msgspec

from tidegate.domain.errors import InvalidInput

COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")


class Arrival(msgspec.Struct, frozen=True):
    """One request of the trace; `at` in epoch seconds, lengths in tokens."""

    at: float
    input_tokens: int
    output_tokens: int


def read_trace(path: Path) -> list[Arrival]:
    """The trace, by time; raises InvalidInput naming the line that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise InvalidInput(f"{path}: no column {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
            arrivals = [_arrival(path, rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError) as wrong:
        raise InvalidInput(f"the trace {path} cannot be read: {wrong}") from wrong
    if not arrivals:
        raise InvalidInput(f"the trace {path} has no rows")
    return sorted(arrivals, key=lambda arrival: arrival.at)


def _arrival(path: Path, line: int, row: dict[str, str]) -> Arrival:
    try:
        at = datetime.fromisoformat(_microseconds(row["TIMESTAMP"])).timestamp()
        given, made = int(row["ContextTokens"]), int(row["GeneratedTokens"])
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"{path}:{line}: {wrong}; needed: a time and two numbers of tokens") from wrong
    if given < 0 or made < 0:
        raise InvalidInput(f"{path}:{line}: a number of tokens is negative")
    return Arrival(at, given, made)


def _microseconds(text: str) -> str:
    """Times in the trace have seven decimals; one more than is understood."""
    whole, dot, decimals = text.partition(".")
    return f"{whole}{dot}{decimals[:6]}" if decimals.isdigit() else text
