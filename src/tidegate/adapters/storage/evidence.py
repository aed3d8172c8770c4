"""Evidence rows: add a batch to them within its transaction, and read a stage's back."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.jsonrows import encode_rows, json_texts, matching_rows
from tidegate.adapters.storage.rowbatch import Meeting, RowBatch
from tidegate.adapters.storage.rowbatch import Row as Values
from tidegate.adapters.storage.schema import EVIDENCE, EXCHANGE, UNIT_EVENT, UNIT_STATE
from tidegate.domain.evidence import AFTER, BUCKET_SECONDS, Latest, StageEvidence, UnitEvent
from tidegate.domain.exchange import Arm, Exchange
from tidegate.domain.recount import newest, stage_evidence
from tidegate.domain.tallying import (
    HISTOGRAMS,
    LEVELS,
    SUM_FIELDS,
    Cell,
    Folded,
    StageEvent,
    Sums,
    UnitKey,
    add_sums,
    fold,
    has_sticky_unit,
    is_after,
    is_evidence,
)
from tidegate.domain.unit_state import UnitState
from tidegate.domain.vote_sums import fold_votes
from tidegate.ports import StageKey

_CELLS = msgspec.json.Decoder(dict[int, int])
_EMPTY = "{}"
_CELL_KEY = Cell._fields
_COSTS = 5
"""A unit's last columns tell what it paid."""
_ARMS = {arm.value: arm for arm in Arm}
_TEXTS = {arm: text for text, arm in _ARMS.items()}
"""Arms as plain strings; `value` is a call before Python 3.12."""


class EvidenceRows:
    """The three evidence tables; every statement is built once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._select_units = select(UNIT_STATE).where(
            UNIT_STATE.c.rollout == bindparam("rollout"),
            UNIT_STATE.c.attempt == bindparam("attempt"),
            UNIT_STATE.c.unit.in_(json_texts(database)),
        )
        self._select_cells = matching_rows(database, EVIDENCE, _CELL_KEY)
        cells = select(EVIDENCE).where(*_of_asked(EVIDENCE), EVIDENCE.c.bucket > bindparam("after"))
        events = select(UNIT_EVENT).where(*_of_asked(UNIT_EVENT), UNIT_EVENT.c.at >= bindparam("since"))
        self._since = cells, events
        self._between = (
            cells.where(EVIDENCE.c.bucket < bindparam("until")),
            events.where(UNIT_EVENT.c.at < bindparam("until")),
        )
        self._units = RowBatch(database, UNIT_STATE, Meeting.REPLACE)
        self._cells = RowBatch(database, EVIDENCE, Meeting.REPLACE)
        self._events = RowBatch(database, UNIT_EVENT)

    def lock(self, connection: Connection, exchanges: Sequence[Exchange]) -> None:
        """Take turns per attempt, so that no replica's sums or states are lost; the order avoids deadlock."""
        attempts = {(found.rollout or "", found.attempt) for found in exchanges if _is_summed(found)}
        for rollout, attempt in sorted(attempts):
            self._database.lock(connection, f"evidence {attempt} {rollout}")

    def add(self, connection: Connection, exchanges: Sequence[Exchange]) -> frozenset[str]:
        """Sum exchanges, in order of arrival, under `lock`; returns the rollouts whose stage was touched."""
        evidence = [found for found in exchanges if _is_summed(found)]
        if not evidence:
            return frozenset()
        folded = fold(evidence, self._read_units(connection, evidence))
        self._units.write(connection, [_unit_row(key, state) for key, state in folded.units.items()])
        return self._write(connection, folded)

    def add_votes(self, connection: Connection, votes: Sequence[tuple[Exchange, str, float]]) -> None:
        """Sum votes that count, each with its exchange and when it came, in order of arrival; it locks."""
        if votes:
            self.lock(connection, [exchange for exchange, _, _ in votes])
            self._write(connection, fold_votes(votes))

    def _write(self, connection: Connection, folded: Folded) -> frozenset[str]:
        known = self._read_cells(connection, folded.sums)
        cells = [
            _cell_row(cell, add_sums(known[cell], sums) if cell in known else sums)
            for cell, sums in folded.sums.items()
        ]
        self._cells.write(connection, cells)
        self._events.write(connection, [_event_row(event) for event in folded.events])
        return frozenset(cell.rollout for cell in folded.sums if cell.stage != AFTER)

    async def read(
        self, connection: AsyncConnection, key: StageKey, *, latest: int, since: float, until: float
    ) -> StageEvidence:
        """The buckets that end after `since`, the events from then on, the latest units per arm.

        Neither reaches `until` (infinity: there is no end).
        """
        place = (key.rollout, key.attempt, key.stage)
        asked = {**msgspec.structs.asdict(key), "since": since, "after": since - BUCKET_SECONDS}
        cells, events = self._since
        if until < math.inf:
            asked["until"] = until
            cells, events = self._between
        sums = [_to_cell(row) for row in await connection.execute(cells, asked)]
        found = [
            StageEvent(*place, msgspec.convert(row, UnitEvent, from_attributes=True))
            for row in await connection.execute(events, asked)
        ]
        arms = [await _read_latest(connection, key, arm, latest) for arm in (Arm.CANDIDATE, Arm.CONTROL)]
        return stage_evidence(place, dict(sums), found, arms)

    def _read_units(self, connection: Connection, exchanges: Sequence[Exchange]) -> dict[UnitKey, UnitState]:
        """The states of the batch's units, attempt by attempt, which are one or two."""
        units: dict[tuple[str, int], set[str]] = {}
        for found in exchanges:
            if has_sticky_unit(found) and is_evidence(found):
                units.setdefault((found.rollout or "", found.attempt), {*LEVELS}).add(found.unit_hash)
        states: dict[UnitKey, UnitState] = {}
        for (rollout, attempt), wanted in units.items():
            place = {"rollout": rollout, "attempt": attempt, **encode_rows(sorted(wanted))}
            states.update(map(_to_unit, connection.execute(self._select_units, place).all()))
        return states

    def _read_cells(self, connection: Connection, cells: Iterable[Cell]) -> dict[Cell, Sums]:
        wanted = [cell._asdict() for cell in cells]
        rows = connection.execute(self._select_cells, encode_rows(wanted))
        return dict(_to_cell(row) for row in rows)


def _is_summed(exchange: Exchange) -> bool:
    return is_evidence(exchange) or is_after(exchange)


async def _read_latest(connection: AsyncConnection, key: StageKey, arm: Arm, latest: int) -> Latest:
    """Sticky units have states; where there are none the unit is the request, the latest are exchanges.

    None are asked for by a report, which reads evidence hour by hour.
    """
    if not latest:
        return newest((), arm)
    units = (
        select(UNIT_STATE.c.last_faulted)
        .where(*_of_stage(UNIT_STATE, key), UNIT_STATE.c.arm == arm, UNIT_STATE.c.triggered)
        .order_by(UNIT_STATE.c.last_at.desc(), UNIT_STATE.c.unit.desc())
        .limit(latest)
    )
    requests = (
        select(EXCHANGE.c.faulted)
        .where(*_of_stage(EXCHANGE, key), EXCHANGE.c.arm == arm, EXCHANGE.c.own_unit)
        .order_by(EXCHANGE.c.finished_at.desc(), EXCHANGE.c.id.desc())
        .limit(latest)
    )
    faults = (await connection.execute(units)).scalars().all()
    return newest(faults or (await connection.execute(requests)).scalars().all(), arm)


def _of_asked(table: Table) -> tuple[ColumnElement[bool], ...]:
    return tuple(table.c[name] == bindparam(name) for name in ("rollout", "attempt", "stage"))


def _of_stage(table: Table, key: StageKey) -> tuple[ColumnElement[bool], ...]:
    return (table.c.rollout == key.rollout, table.c.attempt == key.attempt, table.c.stage == key.stage)


def _cell_row(cell: Cell, sums: Sums) -> Values:
    *place, arm = cell
    counts = (getattr(sums, name) for name in SUM_FIELDS)
    histograms = (msgspec.json.encode(getattr(sums, name)).decode() for name in HISTOGRAMS)
    return (*place, arm.value, *counts, *histograms)


def _to_cell(row: Row[*tuple[object, ...]]) -> tuple[Cell, Sums]:
    cell = Cell(row.rollout, row.attempt, row.stage, row.bucket, Arm(row.arm))
    sums = {name: getattr(row, name) for name in SUM_FIELDS}
    texts = {name: getattr(row, name) for name in HISTOGRAMS}
    histograms = {name: _CELLS.decode(text) for name, text in texts.items() if text != _EMPTY}
    return cell, msgspec.convert(sums | histograms, Sums)


def _unit_row(key: UnitKey, state: UnitState) -> Values:
    return (
        key.rollout,
        key.attempt,
        key.stage,
        key.unit,
        _TEXTS[state.arm],
        state.triggered,
        state.recent,
        state.short_step,
        state.short_count,
        state.long_step,
        state.long_count,
        state.last_at,
        state.last_faulted,
        state.priced,
        state.paid,
        state.expected,
        state.charged,
        state.spent,
    )


def _to_unit(row: Row[*tuple[Any, ...]]) -> tuple[UnitKey, UnitState]:
    """By position: named look-ups of half a thousand rows would be felt."""
    rollout, attempt, stage, unit, arm, *counts, last_at, last_faulted = row[:-_COSTS]
    priced, paid, expected, charged, spent = row[-_COSTS:]
    triggered, recent, short_step, short_count, long_step, long_count = counts
    state = UnitState(
        arm=_ARMS[arm],
        triggered=triggered,
        recent=recent,
        short_step=short_step,
        short_count=short_count,
        long_step=long_step,
        long_count=long_count,
        last_at=last_at,
        last_faulted=last_faulted,
        priced=priced,
        paid=paid,
        expected=expected,
        charged=charged,
        spent=spent,
    )
    return UnitKey(rollout, attempt, unit, stage), state


def _event_row(found: StageEvent) -> Values:
    event = found.event
    return (*found[:3], event.unit, event.kind, event.step, event.arm.value, event.at)
