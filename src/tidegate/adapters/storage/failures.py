"""Which database errors mean "not now" (StoreUnavailable), which "this data never" (InvalidInput)."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tidegate.domain.errors import InvalidInput, StoreUnavailable

_SQLITE_UNAVAILABLE = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
    "SQLITE_PERM",
    "SQLITE_PROTOCOL",
    "SQLITE_NOTADB",
    "SQLITE_CORRUPT",
)
"""Result codes (https://www.sqlite.org/rescode.html) that say something about the file, not the statement."""

_READ_ONLY_TRANSACTION = "25006"
"""SQLSTATE of a PostgreSQL that has become a standby: the driver takes it for an internal error."""


_BEYOND_LIMITS = "54"
"""Class of SQLSTATEs for what no try will make room for, as an index entry that is too long: the driver takes
it for an operational error."""


@contextmanager
def translated(where: str) -> Generator[None]:
    """Turn outages into StoreUnavailable and refused values into InvalidInput; let our own mistakes through.

    `where` names the database in the message, without its password.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable(
            f"The store {where} is overloaded: no connection came free; try again."
        ) from error
    except OSError as error:
        raise StoreUnavailable(f"The store {where} cannot be reached: {error}.") from error
    except DBAPIError as error:
        if _refused(error):
            raise InvalidInput(f"The store {where} cannot hold this value: {error.orig}.") from error
        if not _unavailable(error):
            raise
        raise StoreUnavailable(
            f"The store {where} cannot be used now: {error.orig}. Check the server or disk, then try again."
        ) from error


def _refused(error: DBAPIError) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None)
    return isinstance(error, DataError) or (isinstance(sqlstate, str) and sqlstate.startswith(_BEYOND_LIMITS))


def _unavailable(error: DBAPIError) -> bool:
    name = getattr(error.orig, "sqlite_errorname", None)
    if isinstance(name, str):
        return name.startswith(_SQLITE_UNAVAILABLE)
    if isinstance(error.orig, sqlite3.Error):
        return "connection closed" in str(error.orig).lower()
    if getattr(error.orig, "sqlstate", None) == _READ_ONLY_TRANSACTION:
        return True
    return isinstance(error, OperationalError | InterfaceError)
