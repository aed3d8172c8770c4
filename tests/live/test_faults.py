"""Every fault of a provider under load: users are served, deadlines hold, breakers open and close."""

from collections.abc import Callable

import pytest

from tidegate.harness.faults.__main__ import all_tried
from tidegate.harness.faults.plan import FIRST_SECONDS


@pytest.mark.exclusive
@pytest.mark.timeout(180)
async def test_users_are_served_through_every_fault_and_its_end_is_seen(
    figure: Callable[[str], None],
) -> None:
    faults = await all_tried(FIRST_SECONDS, first_round=False)
    for row in faults.rows:
        closed = "never open" if row.closed_after is None else f"closed {row.closed_after:.2f} s after"
        figure(
            f"{row.name}: {sum(row.failed.values())} of {row.requests} failed though another way was left, "
            f"{row.midway} broke midway, longest {row.longest:.2f} s, breaker {closed}"
        )
    assert faults.missed == []
