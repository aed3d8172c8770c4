"""Reports of a rollout with a past."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from reported import NAME, Past, reported

from tidegate.control.reporting import rollouts
from tidegate.control.reporting.weekly import weekly
from tidegate.domain.reporting.week import Report

ZONE = ZoneInfo("UTC")


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[Past]:
    made = await reported(tmp_path / "tidegate.db")
    yield made
    await made.store.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """One of each kind; values, so once for all tests of a worker."""
    return asyncio.run(_one_of_each(tmp_path_factory.mktemp("reported") / "tidegate.db"))


async def _one_of_each(store: Path) -> dict[str, Report]:
    past = await reported(store)
    try:
        return {
            "daily": await rollouts.daily(past.services, NAME, "2025-11-27", ZONE),
            "stage": await rollouts.stage(past.services, NAME, "canary", ZONE),
            "final": await rollouts.final(past.services, NAME, ZONE),
            "weekly": await weekly(past.services, "2025-W48", ZONE),
        }
    finally:
        await past.store.close()
