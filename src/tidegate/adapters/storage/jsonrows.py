"""Whole batches as one JSON parameter: one statement, one trip, the rows taken apart by the database.

Binding a thousand rows of seventeen columns one by one costs the event loop tens of milliseconds; encoding
them as JSON costs one or two. Both dialects know `->>`; only the table function has two names.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from tidegate.adapters.storage.database import Database

ROWS = "rows"
"""Name of the parameter that holds the JSON array."""


def json_rows(database: Database) -> TableValuedAlias:
    """The elements of the JSON array in parameter `rows`: columns `value` and, from 0 or 1 up, `position`."""
    if database.sqlite:
        each = func.json_each(bindparam(ROWS, type_=Text))
        return each.table_valued("value", "key", name="batch")
    each = func.json_array_elements(cast(bindparam(ROWS, type_=Text), postgresql.JSON))
    return each.table_valued("value", with_ordinality="key", name="batch").render_derived()


def field(rows: TableValuedAlias, column: Column[object]) -> ColumnElement[object]:
    """The member of each element that is named like `column`, in its type; null where it is absent."""
    return cast(rows.c.value.op("->>")(column.name), column.type)


def json_texts(database: Database) -> Select[str]:
    """The elements of a JSON array of strings in parameter `rows`."""
    if database.sqlite:
        rows = func.json_each(bindparam(ROWS, type_=Text)).table_valued("value", name="batch")
        return select(rows.c.value)
    elements = func.json_array_elements_text(cast(bindparam(ROWS, type_=Text), postgresql.JSON))
    rows = elements.table_valued("value", name="batch").render_derived()
    return select(rows.c.value)


def insert_arrays(
    database: Database, table: Table, columns: Sequence[Column[object]]
) -> sqlite.Insert | postgresql.Insert:
    """INSERT the batch in its order, each element an array of `columns`; the caller adds ON CONFLICT."""
    rows = json_rows(database)
    source = (
        select(*(cast(rows.c.value.op("->>")(place), column.type) for place, column in enumerate(columns)))
        .where(true())
        .order_by(cast(rows.c.key, Integer))
    )
    return database.insert(table).from_select(columns, source, include_defaults=False)


def matching_rows(database: Database, table: Table, key: Sequence[str]) -> Select[*tuple[object, ...]]:
    """The rows of `table` whose columns `key` equal those of any element of the batch."""
    rows = json_rows(database)
    equal = [table.c[name] == field(rows, table.c[name]) for name in key]
    return select(*table.columns).select_from(rows).join(table, and_(*equal))


def encode_rows(rows: Sequence[object]) -> dict[str, str]:
    """The parameters that carry `rows`: dicts, structs, tuples or strings."""
    return {ROWS: msgspec.json.encode(rows).decode()}
