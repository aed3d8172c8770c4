"""The store away for half a minute under load: no client sees it, and nothing is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import psycopg
import pytest
from clients import Users
from postgresql_server import postgresql_server

from tidegate.harness.load.ledger import shipped_lines
from tidegate.harness.load.testbed import open_testbed

RATE = 50
AWAY_SECONDS = 30.0


class Line(msgspec.Struct):
    id: str
    outcome: str


@pytest.mark.paced("kills")
@pytest.mark.timeout(180)
async def test_a_store_that_is_away_for_half_a_minute_costs_no_client_an_error_and_loses_nothing(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    with postgresql_server() as server:
        with psycopg.connect(f"host={server.folder} user=postgres dbname=postgres", autocommit=True) as made:
            made.execute("CREATE DATABASE tidegate")
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "tidegate.toml").write_text(f'[store]\nurl = "{server.url("tidegate")}"\n')
        async with open_testbed(tmp_path, profile="seed = 1\n") as testbed:
            users = Users(testbed.gateway, testbed.client_key, rate=RATE, stream_share=0.3)
            async with users.sending():
                await asyncio.sleep(2)
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(AWAY_SECONDS)
                await asyncio.to_thread(server.start)
                await asyncio.sleep(3)
            lines = await shipped_lines(testbed, tmp_path / "ledger.jsonl", Line)
    failed = [seen for seen in users.seen if not seen.whole]
    answered = {seen.request_id for seen in users.seen}
    recorded = [line.id for line in lines if line.outcome == "ok"]
    figure(
        f"store away for {AWAY_SECONDS:g} s at {RATE}/s: {len(failed) + users.broken} of {len(users.seen)} "
        f"requests failed, {len(answered - set(recorded))} missing in the ledger"
    )
    assert users.broken == 0
    assert failed == []
    assert sorted(recorded) == sorted(answered)
