"""The ledger as lines: fixed names, nothing lost, harmless in a spreadsheet."""

import csv
import io

import msgspec
import pytest

from tidegate.control.export import export, require_format
from tidegate.control.timestamp import epoch, rfc3339
from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import Arm, SkillUse, Usage
from tidegate.ports import LedgerQuery

FIXED = {
    *("id", "at", "tenant", "unit_hash", "rollout", "stage", "arm", "triggered", "skills", "model"),
    *("outcome", "skill_outcome", "status", "seconds", "first_token_seconds", "usage", "cost_usd"),
    *("cache", "fallback", "attempts"),
}


async def text(services, form, **query):
    pieces = [piece async for piece in export(services.store.ledger, LedgerQuery(**query), form)]
    return b"".join(pieces).decode()


@pytest.fixture
async def one(services, running, exchange):
    kept = exchange(
        running,
        Arm.CANDIDATE,
        1_800_000_000.25,
        model="=HYPERLINK(1)",
        skills=(SkillUse("report-writing", 1, "pattern", 1.0),),
        usage=Usage(10, 20),
    )
    await services.store.ledger.ingest([kept], [])
    return kept


async def test_a_line_has_every_fixed_field_with_its_value(services, one):
    line = msgspec.json.decode(await text(services, "jsonl"))
    assert set(line) >= FIXED
    assert line["id"] == one.id
    assert line["at"] == "2027-01-15T08:00:00.250Z"
    assert line["stage"] == "canary"
    assert line["skills"] == [{"name": "report-writing", "version": 1, "reason": "pattern", "score": 1.0}]
    assert line["usage"]["output_tokens"] == 20
    assert line["usage"]["cache_read_tokens"] == 0


async def test_csv_has_a_header_and_columns_for_each_kind_of_token(services, one):
    (row,) = csv.DictReader(io.StringIO(await text(services, "csv")))
    assert row["output_tokens"] == "20"
    assert msgspec.json.decode(row["skills"])[0]["name"] == "report-writing"
    assert row["model"] == "'=HYPERLINK(1)"


async def test_an_empty_csv_still_has_its_header(services):
    assert (await text(services, "csv")).startswith("id,at,")


async def test_more_lines_than_one_piece_come_in_order_and_none_is_lost(services, running, exchange):
    many = [exchange(running, Arm.CONTROL, 1_800_000_000.0 + n) for n in range(450)]
    await services.store.ledger.ingest(many, [])
    lines = (await text(services, "jsonl")).splitlines()
    assert [msgspec.json.decode(line)["id"] for line in lines] == [one.id for one in many]


@pytest.mark.parametrize("form", ["xml", "", "JSONL"])
def test_an_unknown_format_is_refused(form):
    with pytest.raises(InvalidInput, match="jsonl, csv"):
        require_format(form)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-01-15T08:00:00Z", 1_800_000_000.0),
        ("2027-01-15T09:00:00+01:00", 1_800_000_000.0),
        ("2027-01-15", 1_799_971_200.0),
        ("1800000000.5", 1_800_000_000.5),
    ],
)
def test_times_are_read_in_each_form(written, meant):
    assert epoch(written, name="since") == meant


def test_a_time_is_read_as_it_is_written():
    assert epoch(rfc3339(1_800_000_000.123), name="since") == pytest.approx(1_800_000_000.123)


@pytest.mark.parametrize("written", ["yesterday", "", "2027-13-01", "nan", "inf", "1e400"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(InvalidInput, match="since"):
        epoch(written, name="since")
