"""`POST /api/skills/{name}/sync`: who may, what it answers, and how trouble of the provider's looks."""

import asyncio

import httpx2
import pytest
from fresh_store import fresh_store

from tidegate.control.caller import by_key
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.domain.errors import ProviderUnavailable
from tidegate.domain.skill import ProviderVersion
from tidegate.registry.archive import canonical_archive
from tidegate.registry.scan.here import ScanningHere
from tidegate.registry.validate import validate_zip
from tidegate.web.control_api import create_control_api

MD = b"---\nname: tide-table\ndescription: Reads tides.\nmetadata:\n  tidegate.mode: native\n---\nRead.\n"


class Clock:
    def now(self):
        return 1_800_000_000.0

    def monotonic(self):
        return asyncio.get_running_loop().time()


class Hosts:
    """One provider that numbers its versions, or is away."""

    places = (("default", ""),)
    away = False

    def open(self, upstream, tenant=""):
        return self

    async def __aenter__(self):
        if self.away:
            raise ProviderUnavailable("the upstream gave no answer")
        return self

    async def __aexit__(self, *error):
        return None

    async def labelled(self, label):
        return []

    async def create(self, label, name, archive):
        return ProviderVersion(skill_id="skill_1", version_id="skver_1")

    async def versions(self, skill_id):
        return [ProviderVersion(skill_id="skill_1", version_id="skver_1")]


@pytest.fixture
async def services(tmp_path):
    store = await fresh_store(tmp_path / "tidegate.db", Clock())
    await store.skills.publish(
        validate_zip(canonical_archive("tide-table", {"SKILL.md": MD})), by="t", reason="t", at=1.0
    )
    yield Services(store, Clock(), hosts=Hosts())
    await store.close()


@pytest.fixture
async def call(services):
    app = create_control_api(services, by_key(services.store.keys), scan=ScanningHere().scan)
    transport = httpx2.ASGITransport(app)

    async def post(body, role="publisher", tenant="default", name="tide-table", dry="false"):
        _, secret, _ = await create_key(services, role=role, name=role, tenant=tenant, actor="t", reason="t")
        async with httpx2.AsyncClient(transport=transport, base_url="http://control") as client:
            headers = {"authorization": f"Bearer {secret}", "tidegate-dry-run": dry}
            return await client.post(f"/api/skills/{name}/sync", json=body, headers=headers)

    return post


async def test_a_publisher_syncs_and_is_told_where_the_version_is(call) -> None:
    done = (await call({"reason": "because"})).json()
    assert (done["uploaded"], done["skill_id"], done["version_id"]) == (True, "skill_1", "skver_1")
    assert (done["version"], done["upstream"], done["laggards"]) == (1, "default", [])
    again = (await call({"reason": "because", "version": 1, "upstream": "default"})).json()
    assert (again["uploaded"], again["synced_at"]) == (False, done["synced_at"])


@pytest.mark.parametrize(
    ("role", "tenant"), [("viewer", "default"), ("publisher", "acme"), ("client", "default")]
)
async def test_nobody_else_may(call, role, tenant) -> None:
    assert (await call({"reason": "because"}, role=role, tenant=tenant)).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"reason": ""}, 400),
        ({"reason": "r", "version": 0}, 400),
        ({"reason": "r", "other": 1}, 400),
        ({"reason": "r", "version": 7}, 404),
    ],
)
async def test_a_wrong_body_is_refused(call, body, status) -> None:
    assert (await call(body)).status_code == status


async def test_a_provider_that_is_away_is_a_502_with_its_own_type(call, services) -> None:
    services.hosts.away = True
    answer = await call({"reason": "because"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "provider_unavailable")


async def test_a_dry_run_tells_whether_it_would_be_uploaded_and_asks_no_provider(call, services) -> None:
    services.hosts.away = True
    told = (await call({"reason": "because"}, dry="true")).json()
    assert (told["uploaded"], told["skill_id"], told["dry_run"]) == (True, "", True)
    services.hosts.away = False
    done = (await call({"reason": "because"})).json()
    services.hosts.away = True
    again = (await call({"reason": "because"}, dry="true")).json()
    assert (again["uploaded"], again["skill_id"]) == (False, done["skill_id"])
    refused = await call({"reason": "because", "upstream": "other"}, dry="true")
    assert (refused.status_code, "synced to: default" in refused.text) == (400, True)
