"""`/api/reports`: who may ask, in which formats, and what is refused."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from reported import NAME, reported

from tidegate.control.caller import by_key
from tidegate.control.keys import create_key
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api

Ask = Callable[..., Awaitable[httpx2.Response]]
DAILY = f"/api/reports/daily/{NAME}?day=2025-11-27"


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    past = await reported(tmp_path / "tidegate.db")
    keys = past.store.keys
    app = create_control_api(
        past.services, by_key(keys, now=past.services.clock.now), scan=ScanningHere().scan
    )

    async def asked(path: str, role: str = "viewer", tenant: str = "default") -> httpx2.Response:
        _, secret, _ = await create_key(
            past.services, role=role, name=f"a {role}", tenant=tenant, actor="test", reason="test"
        )
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://control") as client:
            return await client.get(path, headers={"authorization": f"Bearer {secret}"})

    yield asked
    await past.store.close()


@pytest.mark.parametrize(
    ("form", "media", "begin"),
    [
        ("json", "application/json", b'{\n  "report": "daily"'),
        ("md", "text/markdown; charset=utf-8", b"# contract-skills: daily report"),
        ("html", "text/html; charset=utf-8", b"<!doctype html>"),
    ],
)
async def test_a_report_comes_in_each_format(ask: Ask, form: str, media: str, begin: bytes) -> None:
    answer = await ask(f"{DAILY}&format={form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(begin)


async def test_every_kind_of_report_is_there(ask: Ask) -> None:
    assert (await ask(f"/api/reports/stage/{NAME}?stage=canary")).json()["period"]["label"] == "stage canary"
    assert (await ask(f"/api/reports/stage/{NAME}")).json()["period"]["label"] == "stage full"
    assert (await ask(f"/api/reports/final/{NAME}")).json()["report"] == "final"
    assert (await ask("/api/reports/weekly")).json()["period"]["label"] == "2025-W48"
    page = await ask("/api/reports/weekly?week=2025-W47&format=html")
    assert "No request came in this week." in page.text


@pytest.mark.parametrize(
    ("role", "tenant"), [("client", "default"), ("viewer", "acme"), ("operator", "acme")]
)
async def test_a_client_and_a_key_of_one_tenant_are_refused(ask: Ask, role: str, tenant: str) -> None:
    for path in (DAILY, f"/api/reports/stage/{NAME}", f"/api/reports/final/{NAME}", "/api/reports/weekly"):
        assert (await ask(path, role, tenant)).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/reports/daily/nobody", 404, "no rollout 'nobody'"),
        (f"/api/reports/daily/{NAME}?day=2025-12-24", 400, "has not begun"),
        ("/api/reports/weekly?week=48", 400, "write it as 2026-W48"),
        ("/api/reports/weekly?format=pdf", 400, "use one of json, md, html"),
        (f"/api/reports/daily/{NAME}?format=pdf", 400, "use one of json, md, html"),
        (f"/api/reports/daily/{NAME}?timezone=Moon", 400, "Europe/Berlin"),
        (f"/api/reports/stage/{NAME}?stage=beta", 404, "its stages are canary, full"),
    ],
)
async def test_what_cannot_be_told_is_refused(ask: Ask, path: str, status: int, says: str) -> None:
    answer = await ask(path)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
