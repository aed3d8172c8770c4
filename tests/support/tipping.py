"""Which request tipped a rollback: the ledger, judged again up to each faulted request."""

from pathlib import Path

import msgspec

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.domain.decision import Kind, decide
from tidegate.domain.exchange import Exchange
from tidegate.domain.observation import begin, observe
from tidegate.domain.recount import recount
from tidegate.domain.rollout import Phase, Rollout
from tidegate.ports import LedgerQuery


async def read(home: Path, name: str) -> tuple[Rollout, list[Exchange]]:
    """The rollout and its exchanges, oldest end first, from the home's own store."""
    store = await open_store(f"sqlite:///{home / 'tidegate.db'}", clock=SystemClock())
    try:
        rollout = await store.rollouts.get(name)
        exchanges = [each async for each in store.ledger.export(LedgerQuery(rollout=name))]
    finally:
        await store.close()
    return rollout, sorted(exchanges, key=lambda each: each.finished_at)


def tipping(rollout: Rollout, exchanges: list[Exchange]) -> Exchange:
    """The first exchange after whose end the evidence says rollback; StopIteration where none does."""
    running = msgspec.structs.replace(rollout, phase=Phase.PROGRESSING)

    def rolls_back(upto: int) -> bool:
        judged = recount(exchanges[:upto], rollout.name, rollout.attempt, rollout.stage, latest=20)
        evidence = observe(begin(running), running, judged)
        return decide(running, evidence, exchanges[upto - 1].finished_at).kind is Kind.ROLLBACK

    return next(each for number, each in enumerate(exchanges, start=1) if each.faulted and rolls_back(number))
