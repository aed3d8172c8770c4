"""An invoice beside the ledger, by the command; and invoices that cannot be read."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchanges import make_exchange
from fresh_store import fresh_store
from typer.testing import CliRunner

from tidegate.adapters.clock import SystemClock
from tidegate.cli.main import tree

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
DAY = 86_400
HEAD = "usage_date_utc,model,token_type,cost_usd\n"


def exchange(number: int, day: int, **changes: object) -> object:
    at = MONDAY + day * DAY + number
    return make_exchange(number, at=at, finished_at=at + 0.5, stage_since=MONDAY, **changes)


async def _fill(home: Path) -> None:
    store = await fresh_store(home / "tidegate.db", SystemClock())
    await store.ledger.ingest(
        [
            exchange(1, 0, model="claude-haiku-4-5-20251001", cost_usd=0.75),
            exchange(2, 0, model="claude-haiku-4-5", cost_usd=0.25),
            exchange(3, 1, model="claude-sonnet-4-6", cost_usd=2.0),
            exchange(4, 1, model="unheard-of", cost_usd=None),
            exchange(5, 2, model="claude-sonnet-4-6", cost_usd=99.0),
        ],
        [],
    )
    await store.close()


@pytest.fixture
def invoice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    asyncio.run(_fill(home))
    monkeypatch.setenv("TIDEGATE_HOME", str(home))
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)
    return tmp_path / "invoice.csv"


def reconcile(path: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(tree(), ["costs", "reconcile", str(path), *options])
    return done.exit_code, done.output


def test_an_invoice_that_agrees_is_told_so(invoice: Path) -> None:
    invoice.write_text(
        HEAD
        + "2026-03-02,claude-haiku-4-5,input,0.40\n2026-03-02,claude-haiku-4-5,output,0.605\n"
        + "2026-03-03,claude-sonnet-4-6,input,2.00\n"
    )
    code, said = reconcile(invoice)
    assert code == 0, said
    assert "They agree" in said
    assert "2026-03-04" not in said, "the day after the invoice's last is not asked for"


def test_an_invoice_that_does_not_agree_is_told_with_where_to_look(invoice: Path) -> None:
    invoice.write_text(HEAD + "2026-03-02,claude-haiku-4-5,input,1.00\n2026-03-03,claude-opus-4-8,input,5\n")
    code, said = reconcile(invoice, "--json")
    found = json.loads(said)
    assert (code, found["agrees"]) == (1, False)
    assert (found["invoice_usd"], found["ledger_usd"], found["unpriced"]) == (6.0, 3.0, 1)
    assert [
        (line["day"], line["model"], line["invoice_usd"], line["ledger_usd"]) for line in found["lines"]
    ] == [
        ("2026-03-02", "claude-haiku-4-5", 1.0, 1.0),
        ("2026-03-03", "claude-opus-4-8", 5.0, None),
        ("2026-03-03", "claude-sonnet-4-6", None, 2.0),
        ("2026-03-03", "unheard-of", None, None),
    ]
    assert [reason.split(" USD of")[0].split()[0] for reason in found["reasons"]] == ["5.00", "2.00", "1"]


def test_columns_and_models_may_have_other_names(invoice: Path) -> None:
    invoice.write_text('When;x,What,Charged\n2026-03-02T00:00:00Z,Claude Haiku 4.5,"$1,000.00"\n')
    names = (
        "--date",
        "When;x",
        "--model",
        "What",
        "--usd",
        "charged",
        "--name",
        "Claude Haiku 4.5=claude-haiku-4-5",
    )
    code, said = reconcile(invoice, *names, "--json")
    (line,) = json.loads(said)["lines"]
    assert (code, line["model"], line["invoice_usd"], line["ledger_usd"]) == (
        1,
        "claude-haiku-4-5",
        1000.0,
        1.0,
    )


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("", (), "has no column date or day"),
        (HEAD, (), "has no line of costs"),
        ("date,model\n", (), "name it by --usd"),
        ("date,model,usd\n", ("--usd", "Betrag"), "has no column Betrag"),
        (HEAD + "yesterday,m,input,1\n", (), "record 2: 'yesterday' is no date"),
        (HEAD + "2026-02-30,m,input,1\n", (), "is no date"),
        (HEAD + "2026-03-02,m,input,1 EUR\n", (), "is no amount in US dollars"),
        (HEAD + "2026-03-02,m,input,NaN\n", (), "is no amount in US dollars"),
        (HEAD + "2026-03-02,m,1\n", (), "3 cells under 4 columns"),
        (HEAD + '2026-03-02,"m,input,1\n', (), "cannot be read as CSV"),
        (HEAD + "2024-03-02,m,input,1\n2026-03-02,m,input,1\n", (), "at most 400 days"),
        (HEAD + "2026-03-02,m,input,1\n", ("--name", "haiku"), "write it as INVOICE'S=LEDGER'S"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    invoice: Path, content: str, options: tuple[str, ...], says: str
) -> None:
    invoice.write_text(content)
    code, said = reconcile(invoice, *options)
    assert code == 1
    assert says in said.replace("\n", " ")


def test_bytes_that_are_no_text_and_a_file_that_is_not_there_are_refused(invoice: Path) -> None:
    assert "cannot be read" in reconcile(invoice)[1]
    invoice.write_bytes(b"date,model,usd\n\xff\xfe")
    code, said = reconcile(invoice)
    assert (code, "cannot be read as CSV in UTF-8" in said) == (1, True)
