"""The observer: what it keeps of a stage never changes what it says of it."""

import pytest

from tidegate.control.observe import Observer
from tidegate.domain.exchange import Arm


async def test_the_settled_prefix_gives_the_same_evidence_as_a_look_from_scratch(
    services, running, clock, serve
):
    patient = Observer(services.store.ledger)
    for step in range(40):
        await serve(running, candidate=2, control=30, bad=step % 2)
        clock.pass_seconds(9)
        kept = await patient.observe(running, clock.now())
        fresh = await Observer(services.store.ledger).observe(running, clock.now())
        assert kept.candidate.requests == fresh.candidate.requests
        assert kept.candidate.cost_usd == pytest.approx(fresh.candidate.cost_usd)
        assert kept.candidate.seconds == fresh.candidate.seconds
        assert kept.control.requests == fresh.control.requests
        assert kept.e_value == pytest.approx(fresh.e_value)
        assert kept.recent == fresh.recent


async def test_exchanges_that_come_late_are_seen_by_the_next_full_look(
    services, running, clock, exchange, serve
):
    observer = Observer(services.store.ledger)
    await serve(running, candidate=5, control=50)
    clock.pass_seconds(300)
    await observer.observe(running, clock.now())
    late = exchange(running, Arm.CANDIDATE, clock.now() - 280)
    await services.store.ledger.ingest([late], [])
    clock.pass_seconds(61)
    assert (await observer.observe(running, clock.now())).candidate.requests == 6
