"""Three minutes of everything at once: load, faults, a rolling restart, a killed worker."""

from collections.abc import Callable

import pytest

from tidegate.harness.soak.__main__ import soaked


@pytest.mark.paced("soak")
@pytest.mark.timeout(420)
async def test_three_minutes_of_the_soak_keep_every_bound(figure: Callable[[str], None]) -> None:
    soak = await soaked(180.0, workers=2)
    for row in soak.rows:
        figure(f"soak, {row.what}: {row.measured}" + (f" (required: {row.required})" if row.required else ""))
    assert [what.split()[0] for _, what in soak.done] == ["rolling", "worker"]
    assert soak.missed == []
