"""Many rows written at once, given as tuples in the order of their table's columns.

SQLite binds them one after the other in one call of the driver, which takes half the time of taking a JSON
parameter apart; PostgreSQL gets them as one JSON parameter, which is one trip instead of one for each row.
"""

from collections.abc import Sequence
from enum import Enum
from functools import cached_property

from sqlalchemy import Column, Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.jsonrows import encode_rows, insert_arrays

Row = tuple[object, ...]


class Meeting(Enum):
    """What becomes of a row whose key is there already."""

    SKIP = "skip"
    REPLACE = "replace"
    ADD = "add"
    """Its counts are added to those there, in the database: no lock, no reading first."""


class RowBatch:
    """INSERT of a batch; `meeting` says what becomes of rows whose key is there.

    Columns named `seq` are numbered by the database and are no part of a row.
    """

    def __init__(self, database: Database, table: Table, meeting: Meeting = Meeting.SKIP) -> None:
        self._database = database
        self._table = table
        self._meeting = meeting
        self._columns: Sequence[Column[object]] = [each for each in table.columns if each.name != "seq"]

    # Built when a batch first comes: most that open a store, such as commands, never write one.

    @cached_property
    def _text(self) -> str:
        each = sqlite.insert(self._table).values({column: bindparam(column.name) for column in self._columns})
        return str(_resolved(each, self._table, self._meeting).compile(dialect=sqlite.dialect()))

    @cached_property
    def _statement(self) -> sqlite.Insert | postgresql.Insert:
        arrays = insert_arrays(self._database, self._table, self._columns)
        return _resolved(arrays, self._table, self._meeting)

    def write(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Write the rows in their order, and say how many were; none is nothing to do."""
        if not rows:
            return 0
        if self._database.sqlite:
            return connection.exec_driver_sql(self._text, list(rows)).rowcount
        return connection.execute(self._statement, encode_rows(rows)).rowcount

    def write_returning(self, connection: Connection, rows: Sequence[Row], column: Column[str]) -> set[str]:
        """Write the rows; that column's values in those really inserted (not on SQLite's fast way)."""
        if not rows:
            return set()
        return set(connection.execute(self._statement.returning(column), encode_rows(rows)).scalars())


def _resolved(
    statement: sqlite.Insert | postgresql.Insert, table: Table, meeting: Meeting
) -> sqlite.Insert | postgresql.Insert:
    """With what is done about rows that are there already."""
    if meeting is Meeting.SKIP:
        return statement.on_conflict_do_nothing()
    key = [column.name for column in table.primary_key.columns]
    rest = [column for column in table.columns if column.name not in key]
    values = {column.name: statement.excluded[column.name] for column in rest}
    if meeting is Meeting.ADD:
        values = {column.name: column + statement.excluded[column.name] for column in rest}
    return statement.on_conflict_do_update(index_elements=key, set_=values)
