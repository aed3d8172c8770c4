"""Reports of a rollout with a past."""

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


@pytest.fixture
async def reports(past: Past) -> dict[str, Report]:
    """One of each kind."""
    return {
        "daily": await rollouts.daily(past.services, NAME, "2025-11-27", ZONE),
        "stage": await rollouts.stage(past.services, NAME, "canary", ZONE),
        "final": await rollouts.final(past.services, NAME, ZONE),
        "weekly": await weekly(past.services, "2025-W48", ZONE),
    }
