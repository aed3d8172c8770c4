"""`POST /api/selection`: who may ask, what is answered, and that nothing beyond its bounds is taken."""

import asyncio

import httpx2
import pytest
from fresh_store import fresh_store

from tidegate.control.caller import by_key
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.registry.archive import canonical_archive
from tidegate.registry.scan.here import ScanningHere
from tidegate.registry.validate import validate_zip
from tidegate.web.control_api import create_control_api

MD = b"---\nname: tide-table\ndescription: Reads the tide tables of harbours.\n---\nRead.\n"


class Clock:
    def now(self):
        return 1_800_000_000.0

    def monotonic(self):
        return asyncio.get_running_loop().time()


@pytest.fixture
async def services(tmp_path):
    store = await fresh_store(tmp_path / "tidegate.db", Clock())
    package = validate_zip(canonical_archive("tide-table", {"SKILL.md": MD}))
    await store.skills.publish(package, by="t", reason="t", at=1.0)
    yield Services(store, Clock())
    await store.close()


@pytest.fixture
async def ask(services):
    app = create_control_api(services, by_key(services.store.keys), scan=ScanningHere().scan)

    async def asked(body, role="viewer", tenant="default"):
        _, secret, _ = await create_key(
            services, role=role, name=f"a {role}", tenant=tenant, actor="test", reason="test"
        )
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://control") as client:
            headers = {"authorization": f"Bearer {secret}"}
            return await client.post("/api/selection", json=body, headers=headers)

    return asked


async def test_a_viewer_is_told_what_a_text_chooses_and_why(ask) -> None:
    found = (await ask({"texts": ["Which tide tables do harbours have?"]})).json()
    assert found["switched_off"] == []
    explanation = found["explanation"]
    assert [(use["name"], use["version"], use["reason"]) for use in explanation["chosen"]] == [
        ("tide-table", 1, "lexical")
    ]
    only = explanation["candidates"][0]
    assert (only["text"], only["name"], only["outcome"]) == (1, "tide-table", "chosen (lexical)")
    assert {term["word"] for term in only["terms"]} == {"tide", "tables", "harbours"}


async def test_a_key_of_another_tenant_or_of_a_client_is_refused(ask) -> None:
    assert (await ask({"texts": ["x"]}, tenant="acme")).status_code == 403
    assert (await ask({"texts": ["x"]}, role="client")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"texts": []}, 400),
        ({"texts": ["x"] * 101}, 400),
        ({"texts": "x"}, 400),
        ({"texts": ["x"], "threshold": 0}, 400),
        ({"texts": ["x"], "arm": "outside"}, 400),
        ({"texts": ["x"], "why": True}, 400),
        ({"texts": ["x"], "skills": ["ghost"]}, 404),
        ({"texts": ["x"], "rollout": "ghost"}, 404),
    ],
)
async def test_what_is_amiss_is_refused(body: dict[str, object], status: int, ask) -> None:
    assert (await ask(body)).status_code == status
