"""What was written of late goes to the ledger from memory; what is not there any more, from the disk."""

from exchanges import make_exchange

from tidegate.adapters.spool import shipper as shipping
from tidegate.adapters.spool.fresh import KEPT, Fresh
from tidegate.domain.exchange import Amend


def _written(count: int) -> Fresh:
    fresh = Fresh()
    for number in range(count):
        fresh.wrote(number * 10, number * 10 + 10, make_exchange(number), ())
    return fresh


def test_writes_are_given_in_order_up_to_an_end_and_a_limit() -> None:
    fresh = _written(5)
    found = fresh.records(0, 40, 3)
    assert found is not None
    assert [each.id for each in found.exchanges] == [make_exchange(number).id for number in range(3)]
    assert (found.consumed, found.damaged) == (30, False)
    found = fresh.records(0, 15, 100)
    assert found is not None
    assert found.consumed == 10


def test_nothing_is_given_from_a_place_between_two_writes() -> None:
    fresh = _written(3)
    assert fresh.records(5, 30, 100) is None
    fresh.forget(15)
    assert fresh.records(15, 30, 100) is None
    found = fresh.records(10, 30, 100)
    assert found is not None
    assert len(found.exchanges) == 2


def test_beyond_its_bound_it_begins_anew() -> None:
    fresh = _written(KEPT + 2)
    assert fresh.records(0, 10**9, 10) is None
    found = fresh.records(KEPT * 10, 10**9, 10)
    assert found is not None
    assert len(found.exchanges) == 2


def test_amends_without_an_exchange_are_given_too() -> None:
    fresh = Fresh()
    fresh.wrote(0, 10, None, [Amend("req_000001", True, 0.5)])
    found = fresh.records(0, 10, 10)
    assert found is not None
    assert ([each.id for each in found.amends], found.exchanges) == (["req_000001"], [])


async def test_what_an_outage_pushed_out_of_memory_is_shipped_from_the_disk(
    writer, shipper, ledger, monkeypatch
) -> None:
    monkeypatch.setattr("tidegate.adapters.spool.fresh.KEPT", 3)
    monkeypatch.setattr(shipping, "FRESH_RECORDS", 2)
    for number in range(8):
        writer.record(make_exchange(number))
        writer.amend(Amend(make_exchange(number).id, True, 0.5))
    await shipper.ship()
    expected = [make_exchange(number).id for number in range(8)]
    assert list(ledger.exchanges) == expected
    assert [each.id for each in ledger.amends] == expected
    assert (shipper.queued, shipper.spooled_bytes, shipper.damaged) == (0, 0, 0)
