"""The store as a whole: open it, and every state port is an attribute of it."""

from tidegate.adapters.storage.clearings import SqlClearings
from tidegate.adapters.storage.costs import SqlCosts
from tidegate.adapters.storage.database import Database, parse_url
from tidegate.adapters.storage.figures import SqlFigures
from tidegate.adapters.storage.keys import SqlKeys
from tidegate.adapters.storage.ledger import SqlLedger
from tidegate.adapters.storage.migrate import start_lock, upgrade_database
from tidegate.adapters.storage.outbox import SqlOutbox
from tidegate.adapters.storage.quotas import SqlQuotas
from tidegate.adapters.storage.rollouts import SqlRollouts
from tidegate.adapters.storage.routing import SqlRouting
from tidegate.adapters.storage.samples import SqlSamples
from tidegate.adapters.storage.scan_exceptions import SqlScanExceptions
from tidegate.adapters.storage.scores import SqlScores
from tidegate.adapters.storage.skill_cards import SqlSkillCards
from tidegate.adapters.storage.skills import SqlSkills
from tidegate.adapters.storage.switches import SqlSwitches
from tidegate.adapters.storage.syncs import SqlSyncs
from tidegate.ports import Clock


class Store:
    """All state ports over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.ledger = SqlLedger(database)
        self.costs = SqlCosts(database)
        self.figures = SqlFigures(database)
        self.samples = SqlSamples(database)
        self.routing = SqlRouting(database, clock)
        self.rollouts = SqlRollouts(database)
        self.outbox = SqlOutbox(database)
        self.switches = SqlSwitches(database)
        self.keys = SqlKeys(database)
        self.quotas = SqlQuotas(database)
        self.skills = SqlSkills(database)
        self.scan_exceptions = SqlScanExceptions(database)
        self.skill_cards = SqlSkillCards(database)
        self.scores = SqlScores(database)
        self.syncs = SqlSyncs(database)
        self.clearings = SqlClearings(database)

    def trial(self) -> "Store":
        """The same store, which refuses what it would and keeps nothing; open while this one is."""
        return Store(self._database.trial(), self._clock)

    async def close(self) -> None:
        """Close every connection; transactions that still run are rolled back."""
        await self._database.close()


async def open_store(url: str, *, clock: Clock) -> Store:
    """Open `sqlite:///PATH` or `postgresql://…`, creating or migrating its tables first.

    Raises InvalidInput for a URL we cannot serve from, StoreUnavailable where the database cannot be reached.
    """
    parsed = parse_url(url)
    database = Database(parsed)
    try:
        async with start_lock(parsed):
            await upgrade_database(database)
        store = Store(database, clock)
        await store.routing.revision()
    except BaseException:
        await database.close()
        raise
    return store
