"""What each hour's exchanges and votes say of each skill, summed with the ledger in one transaction."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from tidegate.adapters.storage.database import Database
from tidegate.adapters.storage.rowbatch import Meeting, RowBatch
from tidegate.adapters.storage.schema import SKILL_HOUR
from tidegate.adapters.storage.votes import Counted
from tidegate.domain.effectiveness import NO_SUMS, sum_skills, vote_cells
from tidegate.domain.exchange import Exchange


class SkillRows:
    """The hourly sums; rows are written in one order, so that two transactions never wait for each other."""

    def __init__(self, database: Database) -> None:
        self._rows = RowBatch(database, SKILL_HOUR, Meeting.ADD)

    def add(self, connection: Connection, exchanges: Iterable[Exchange], votes: Sequence[Counted]) -> None:
        """Add exchanges that were inserted, and votes that count."""
        sums = sum_skills(exchanges)
        for each in votes:
            for cell, added in vote_cells(*each).items():
                sums[cell] = sums.get(cell, NO_SUMS) + added
        self._rows.write(connection, [(*cell, *msgspec.structs.astuple(sums[cell])) for cell in sorted(sums)])
