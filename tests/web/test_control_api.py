"""The control API: who may do what, what it answers, and what every refusal looks like."""

import asyncio
import io
import zipfile

import httpx2
import pytest
from fresh_store import fresh_store

from tidegate.control.caller import by_home, by_key
from tidegate.control.keys import create_key, rotate_key
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.errors import Conflict, StoreUnavailable, Unauthenticated
from tidegate.domain.exchange import Exchange, Outcome, SkillUse, Usage
from tidegate.ports import Process
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api

NOW = 1_800_000_000.0
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: reports}
spec:
  unit: request
  candidate: {skills: {report-writing: latest}}
  stages: [{name: canary, weight: 5, bake: 60s, promote: manual}, {name: full, weight: 100, bake: 60s}]
  gates:
    errors: {max: 2%, worse: rollback}
    slo: {errors: 2%}
    samples: {min: 10}
"""
SKILL_MD = "---\nname: {name}\ndescription: Writes reports.\n---\nWrite it well.\n"


class Clock:
    def now(self):
        return NOW

    def monotonic(self):
        return asyncio.get_running_loop().time()


class Later(Clock):
    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


@pytest.fixture
async def services(tmp_path):
    store = await fresh_store(tmp_path / "tidegate.db", Clock())
    yield Services(store, Clock())
    await store.close()


@pytest.fixture
async def client(services):
    app = create_control_api(
        services, by_key(services.store.keys, now=services.clock.now), scan=ScanningHere().scan
    )
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://control") as opened:
        yield opened


@pytest.fixture
def key(services):
    """`await key(role, tenant)` gives request headers with a new key."""

    async def make(role="operator", tenant="default"):
        _, secret, _ = await create_key(
            services, role=role, name=f"a {role}", tenant=tenant, actor="test", reason="test"
        )
        return {"authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
async def operator(key):
    return await key()


def zipped(name="report-writing", text=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}/SKILL.md", text or SKILL_MD.format(name=name))
    return buffer.getvalue()


async def publish(client, headers, content=None):
    return await client.post(
        "/api/skills", params={"reason": "test"}, content=content or zipped(), headers=headers
    )


async def start(client, headers, spec=SPEC, reason="as agreed"):
    return await client.post("/api/rollouts", json={"spec": spec, "reason": reason}, headers=headers)


def refused(response, status, kind):
    assert response.status_code == status, response.text
    assert response.json()["error"]["type"] == kind
    return response.json()["error"]["message"]


# ---- who may do what ----------------------------------------------------------------------------------

READ = [
    ("GET", "/api/rollouts"),
    ("GET", "/api/switches"),
    ("GET", "/api/skills"),
    ("GET", "/api/quotas"),
    ("GET", "/api/costs"),
    ("GET", "/api/ledger/export"),
]
CHANGE = [
    ("POST", "/api/rollouts", {"spec": SPEC, "reason": "r"}),
    ("POST", "/api/rollouts/reports/abort", {"reason": "r"}),
    ("POST", "/api/switches/off", {"scope": "all", "reason": "r"}),
    ("POST", "/api/switches/on", {"scope": "all", "reason": "r"}),
    ("POST", "/api/keys", {"role": "client", "name": "n", "reason": "r"}),
    ("DELETE", "/api/keys/key_1?reason=r", None),
    ("GET", "/api/keys", None),
    ("POST", "/api/keys/key_1/priority", {"priority": "low", "reason": "r"}),
    ("PUT", "/api/quotas/tenant/acme", {"requests_per_minute": 1, "reason": "r"}),
    ("DELETE", "/api/quotas/tenant/acme?reason=r", None),
]


@pytest.mark.parametrize(("method", "path"), READ)
@pytest.mark.parametrize("role", ["viewer", "publisher", "operator"])
async def test_every_role_but_client_reads(client, key, role, method, path):
    response = await client.request(method, path, headers=await key(role))
    assert response.status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), [(*read, None) for read in READ] + CHANGE)
async def test_a_client_key_does_nothing_here(client, key, method, path, body):
    response = await client.request(method, path, json=body, headers=await key("client"))
    assert "/v1" in refused(response, 403, "forbidden")


@pytest.mark.parametrize(("method", "path", "body"), CHANGE)
async def test_only_operators_change_rollouts_switches_and_keys(client, key, method, path, body):
    for role in ("viewer", "publisher"):
        response = await client.request(method, path, json=body, headers=await key(role))
        assert "operator" in refused(response, 403, "forbidden")


async def test_a_publisher_publishes_and_a_viewer_does_not(client, key):
    assert (await publish(client, await key("publisher"))).status_code == 201
    assert "publisher" in refused(await publish(client, await key("viewer")), 403, "forbidden")


@pytest.mark.parametrize(("method", "path", "body"), [*CHANGE, ("GET", "/api/rollouts", None)])
async def test_an_operator_of_one_tenant_manages_nothing_beyond_it(client, key, method, path, body):
    response = await client.request(method, path, json=body, headers=await key(tenant="acme"))
    assert "acme" in refused(response, 403, "forbidden")


async def test_an_operator_of_one_tenant_switches_that_tenant(client, key):
    headers = await key(tenant="acme")
    body = {"scope": "tenant", "target": "acme", "reason": "r"}
    assert (await client.post("/api/switches/off", json=body, headers=headers)).status_code == 200
    other = {**body, "target": "globex"}
    refused(await client.post("/api/switches/off", json=other, headers=headers), 403, "forbidden")


async def test_a_tenants_key_exports_that_tenants_exchanges_alone(services, client, key):
    rows = [
        Exchange(
            id=f"tgx_{tenant}",
            at=NOW - 1,
            finished_at=NOW,
            tenant=tenant,
            key_id="k",
            unit_hash="u",
            outcome=Outcome.OK,
            status=200,
            seconds=0.1,
        )
        for tenant in ("acme", "globex")
    ]
    await services.store.ledger.ingest(rows, [])
    response = await client.get("/api/ledger/export", headers=await key("viewer", "acme"))
    assert "tgx_acme" in response.text
    assert "tgx_globex" not in response.text
    everything = {"since": "0"}
    census = await client.post("/api/census", json=everything, headers=await key("viewer", "acme"))
    assert (census.json()["tenants"], census.json()["census"]["hours"][0]["requests"]) == (["acme"], 1)
    census = await client.post("/api/census", json=everything, headers=await key("viewer"))
    assert (census.json()["tenants"], census.json()["census"]["hours"][0]["requests"]) == (["*"], 2)
    foreign = {"tenants": ["globex"], **everything}
    response = await client.post("/api/census", json=foreign, headers=await key("viewer", "acme"))
    assert "may not read of globex" in refused(response, 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer "}, {"x-api-key": "tgk_operator_guess"}],
)
async def test_no_key_or_an_unknown_one_is_401(client, headers):
    response = await client.get("/api/rollouts", headers=headers)
    refused(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_key_works_in_either_header_until_it_is_revoked(client, key):
    headers = await key()
    secret = headers["authorization"].removeprefix("Bearer ")
    assert (await client.get("/api/rollouts", headers={"x-api-key": secret})).status_code == 200
    listed = (await client.get("/api/keys", headers=headers)).json()["keys"]
    path = f"/api/keys/{listed[0]['id']}"
    assert (await client.delete(path, params={"reason": "left"}, headers=headers)).status_code == 200
    assert "revoked" in refused(await client.get("/api/rollouts", headers=headers), 401, "unauthenticated")


async def test_possession_of_the_home_is_an_operator_by_the_users_name(services):
    app = create_control_api(services, by_home("ana"), scan=ScanningHere().scan)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x") as client:
        body = {"scope": "all", "reason": "a test"}
        assert (await client.post("/api/switches/off", json=body)).status_code == 200
        (switch,) = (await client.get("/api/switches")).json()["switches"]
    assert (switch["by"], switch["reason"], switch["target"]) == ("ana", "a test", "*")


# ---- what it does -------------------------------------------------------------------------------------


async def test_a_created_key_is_shown_once_and_only_its_hash_is_kept(services, client, operator):
    body = {"role": "viewer", "name": "board", "tenant": "acme", "reason": "a wall display"}
    created = await client.post("/api/keys", json=body, headers=operator)
    assert created.status_code == 201
    document = created.json()
    assert document["key"].startswith("tgk_viewer_")
    assert (document["role"], document["tenant"]) == ("viewer", "acme")
    assert created.headers["cache-control"] == "no-store"
    assert document["key"] not in (await client.get("/api/keys", headers=operator)).text
    assert all(document["key"] not in str(record) for record in await services.store.keys.list())


async def test_a_rotated_key_has_two_secrets_for_the_overlap(client, key, operator):
    old = await key("viewer")
    listed = (await client.get("/api/keys", headers=operator)).json()["keys"]
    path = f"/api/keys/{next(each['id'] for each in listed if each['role'] == 'viewer')}/rotate"
    rotated = await client.post(path, json={"overlap": 3600, "reason": "a quarter is over"}, headers=operator)
    assert rotated.status_code == 200
    new = {"x-api-key": rotated.json()["key"]}
    assert [(await client.get("/api/skills", headers=each)).status_code for each in (old, new)] == [200, 200]
    await client.post(path, json={"overlap": 0, "reason": "it leaked"}, headers=operator)
    assert [(await client.get("/api/skills", headers=each)).status_code for each in (old, new)] == [401, 401]
    refused = await client.post(path, json={"overlap": -1, "reason": "r"}, headers=operator)
    assert (refused.status_code, "ten years" in refused.text) == (400, True)


async def test_a_second_key_of_a_name_is_created_with_a_warning(services, client, operator):
    async def create(**more):
        body = {"role": "client", "name": "shop", "tenant": "acme", "reason": "r", **more}
        made = await client.post("/api/keys", json=body, headers=operator)
        assert made.status_code == 201
        return made.json()

    first = await create()
    assert first["warnings"] == []
    for other in ({"tenant": "bolt"}, {"role": "viewer"}, {"name": "Shop"}):
        assert (await create(**other))["warnings"] == []
    second = await create(expires_in=60)
    (warning,) = second["warnings"]
    assert first["id"] in warning
    assert "keys rotate" in warning
    third = await create()
    assert len(third["warnings"]) == 2
    for each in (first, second):  # made at the same time, so in no order
        assert any(each["id"] in warning for warning in third["warnings"])
    for each in (first, third):
        await client.delete(f"/api/keys/{each['id']}", params={"reason": "r"}, headers=operator)
    assert len((await create())["warnings"]) == 1


async def test_the_last_use_of_a_key_that_manages_is_told_to_the_quarter_of_an_hour(
    services, client, key, operator, monkeypatch
):
    viewer, _, idle = await key("viewer"), await key("client"), await key("publisher")
    assert (await client.get("/api/skills", headers=viewer)).status_code == 200
    assert (await client.post("/api/keys", json={}, headers=viewer)).status_code == 403
    assert (await client.get("/api/skills", headers={"x-api-key": "tgk_viewer_x"})).status_code == 401
    listed = (await client.get("/api/keys", headers=operator)).json()["keys"]
    used = {each["role"]: each["last_used_at"] for each in listed}
    quarter = rfc3339(NOW // 900 * 900)
    assert used == {"operator": quarter, "viewer": quarter, "client": None, "publisher": None}

    async def not_again(key_id, at):
        pytest.fail("one write a quarter of an hour is enough")

    monkeypatch.setattr(services.store.keys, "used", not_again)
    assert (await client.get("/api/skills", headers=viewer)).status_code == 200

    async def away(key_id, at):
        raise StoreUnavailable("away")

    monkeypatch.setattr(services.store.keys, "used", away)
    assert (await client.get("/api/skills", headers=idle)).status_code == 200


async def test_a_call_reads_one_key_of_the_store_known_or_not(services, client, operator, monkeypatch):
    async def every():
        raise AssertionError("all keys were read")

    monkeypatch.setattr(services.store.keys, "list", every)
    assert (await client.get("/api/skills", headers=operator)).status_code == 200
    for guess in (b"tgk_operator_guess", b"\xc3\xa9", b"*"):
        assert (await client.get("/api/skills", headers={"x-api-key": guess})).status_code == 401


async def test_a_key_expires(services, client, operator):
    body = {"role": "viewer", "name": "guest", "expires_in": 3600, "reason": "a visit"}
    secret = (await client.post("/api/keys", json=body, headers=operator)).json()["key"]
    assert (await client.get("/api/skills", headers={"x-api-key": secret})).status_code == 200
    later = by_key(services.store.keys, now=lambda: services.clock.now() + 3601)
    with pytest.raises(Unauthenticated, match="has expired"):
        await later({"x-api-key": secret})


async def test_a_key_that_expires_is_not_rotated_beyond_its_end(services, client, operator):
    body = {"role": "viewer", "name": "guest", "expires_in": 60, "reason": "a visit"}
    made = (await client.post("/api/keys", json=body, headers=operator)).json()
    _, until, _ = await rotate_key(services, made["id"], overlap=3600, actor="t", reason="r")
    assert until == pytest.approx(services.clock.now() + 60)
    late = Services(services.store, Later(NOW + 61))
    with pytest.raises(Conflict, match=r"has expired, .* create another"):
        await rotate_key(late, made["id"], overlap=3600, actor="t", reason="r")


async def test_a_rollout_is_started_shown_moved_and_its_history_verified(client, operator):
    await publish(client, operator)
    started = await start(client, operator)
    assert started.status_code == 201
    assert started.json()["laggards"] == []
    status = (await client.get("/api/rollouts/reports", headers=operator)).json()
    fixed = {"name", "state", "stage", "weight", "since", "arms", "gates", "savings", "last_decision"}
    assert fixed <= set(status)
    assert set(status["arms"]) == {"candidate", "control"}
    assert {"requests", "errors", "p95_seconds", "cost_usd"} <= set(status["arms"]["candidate"])
    assert all({"name", "verdict", "value", "bound", "e_value"} <= set(gate) for gate in status["gates"])
    assert (status["state"], status["weight"], status["savings"]) == (
        "progressing",
        5.0,
        dict.fromkeys(("point", "low", "high", "certified_since")),
    )
    paused = await client.post("/api/rollouts/reports/pause", json={"reason": "look"}, headers=operator)
    assert paused.json()["state"] == "paused"
    aborted = await client.post("/api/rollouts/reports/abort", json={"reason": "enough"}, headers=operator)
    assert (aborted.json()["state"], aborted.json()["weight"]) == ("aborted", 0.0)
    history = (await client.get("/api/rollouts/reports/history", headers=operator)).json()["events"]
    assert [event["kind"] for event in history] == ["start", "pause", "abort"]
    assert history[1]["actor"].startswith("a operator (key_")
    verified = (await client.get("/api/rollouts/reports/verify", headers=operator)).json()
    assert (verified["intact"], verified["events"]) == (True, 3)


@pytest.mark.parametrize("worse", ["rollback", "pause"])
async def test_a_start_warns_of_what_is_kept_but_not_acted_on(client, operator, worse):
    await publish(client, operator)
    started = await start(client, operator, f"{SPEC}    savings: {{min: 35%, worse: {worse}}}\n")
    (warning,) = started.json()["warnings"]
    assert f"savings.worse: {worse} is kept" in warning
    assert "only holds" in warning


async def test_a_start_warns_of_what_the_traffic_cannot_show(services, client, operator):
    await publish(client, operator)
    before = [
        Exchange(
            id=f"tgx_{n}",
            at=NOW - 30 * n,
            finished_at=NOW - 30 * n + 1,
            tenant="default",
            key_id="key_1",
            unit_hash=f"u{n}",
            outcome=Outcome.UPSTREAM_ERROR if n % 100 == 0 else Outcome.OK,
            status=200,
            seconds=1.0,
        )
        for n in range(1, 1001)
    ]
    await services.store.ledger.ingest(before, [])
    first, *_ = (await start(client, operator, SPEC.replace("bake: 60s", "bake: 2h"))).json()["warnings"]
    assert "the 5 % canary cannot see a doubling of errors (1 % to 2.1 %) in 2 h" in first


async def test_a_start_warns_where_no_gate_watches_what_both_arms_share(client, operator):
    await publish(client, operator)
    started = await start(client, operator, SPEC.replace("    slo: {errors: 2%}\n", ""))
    (warning,) = started.json()["warnings"]
    assert "neither pauses the rollout nor tells anybody; add `slo: {errors: 2%}`" in warning


async def test_a_plan_that_is_acted_on_as_written_starts_without_warnings(client, operator):
    await publish(client, operator)
    started = await start(client, operator, SPEC + "    savings: {min: 35%, worse: hold}\n")
    assert (started.status_code, started.json()["warnings"]) == (201, [])


async def test_a_skill_is_published_once_for_the_same_content(client, operator):
    first, again = await publish(client, operator), await publish(client, operator)
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert first.json()["digest"] == again.json()["digest"]
    got = await client.get("/api/skills/report-writing", params={"version": 1}, headers=operator)
    assert got.json()["digest"] == first.json()["digest"]


async def test_a_change_names_the_processes_that_have_not_confirmed_it(
    services, client, operator, monkeypatch
):
    await services.store.routing.acknowledge(Process(id="gw-1", started_at=0.0, seen_at=NOW, revision=0))
    now = iter([0.0, 100.0])
    monkeypatch.setattr(Clock, "monotonic", lambda _: next(now))
    body = {"scope": "all", "reason": "r"}
    document = (await client.post("/api/switches/off", json=body, headers=operator)).json()
    assert [laggard["id"] for laggard in document["laggards"]] == ["gw-1"]
    assert len(await services.store.switches.list()) == 1


# ---- what it refuses ----------------------------------------------------------------------------------

BAD = {
    "a body that is no JSON": ("POST", "/api/rollouts", "{", 400),
    "a missing field": ("POST", "/api/rollouts", {"spec": SPEC}, 400),
    "an unknown field": ("POST", "/api/rollouts", {"spec": SPEC, "reason": "r", "force": True}, 400),
    "a wrong type": ("POST", "/api/rollouts", {"spec": 1, "reason": "r"}, 400),
    "an empty reason": ("POST", "/api/rollouts", {"spec": SPEC, "reason": " "}, 400),
    "a spec that is none": ("POST", "/api/rollouts", {"spec": "hello", "reason": "r"}, 400),
    "an unknown skill": ("POST", "/api/rollouts", {"spec": SPEC, "reason": "r"}, 400),
    "an unknown move": ("POST", "/api/rollouts/reports/explode", {"reason": "r"}, 400),
    "a move of the controller": ("POST", "/api/rollouts/reports/advance", {"reason": "r"}, 400),
    "an unknown rollout": ("POST", "/api/rollouts/nobody/abort", {"reason": "r"}, 404),
    "no such status": ("GET", "/api/rollouts/nobody", None, 404),
    "no such history": ("GET", "/api/rollouts/nobody/history", None, 404),
    "an unknown scope": ("POST", "/api/switches/off", {"scope": "moon", "reason": "r"}, 400),
    "all with a target": ("POST", "/api/switches/off", {"scope": "all", "target": "x", "reason": "r"}, 400),
    "an unknown skill to switch": (
        "POST",
        "/api/switches/off",
        {"scope": "skill", "target": "typo", "reason": "r"},
        404,
    ),
    "a switch that is not off": ("POST", "/api/switches/on", {"scope": "all", "reason": "r"}, 404),
    "an unknown role": ("POST", "/api/keys", {"role": "king", "name": "n", "reason": "r"}, 400),
    "a nameless key": ("POST", "/api/keys", {"role": "client", "name": " ", "reason": "r"}, 400),
    "an odd tenant": (
        "POST",
        "/api/keys",
        {"role": "client", "name": "n", "tenant": "a b", "reason": "r"},
        400,
    ),
    "an unknown key": ("DELETE", "/api/keys/key_0?reason=r", None, 404),
    "a revocation without a reason": ("DELETE", "/api/keys/key_0", None, 400),
    "an unknown priority": (
        "POST",
        "/api/keys",
        {"role": "client", "name": "n", "priority": "top", "reason": "r"},
        400,
    ),
    "the priority of an unknown key": (
        "POST",
        "/api/keys/key_0/priority",
        {"priority": "low", "reason": "r"},
        404,
    ),
    "a quota of the moon": ("PUT", "/api/quotas/moon/x", {"usd_per_day": 1, "reason": "r"}, 400),
    "a quota of an odd tenant": ("PUT", "/api/quotas/tenant/a%20b", {"usd_per_day": 1, "reason": "r"}, 400),
    "a quota of an unknown key": ("PUT", "/api/quotas/key/key_0", {"usd_per_day": 1, "reason": "r"}, 404),
    "a quota that says nothing": ("PUT", "/api/quotas/tenant/acme", {"reason": "r"}, 400),
    "a quota of nothing": ("PUT", "/api/quotas/tenant/acme", {"requests_per_minute": 0, "reason": "r"}, 400),
    "a quota below nothing": ("PUT", "/api/quotas/tenant/acme", {"usd_per_day": -1, "reason": "r"}, 400),
    "half a request": ("PUT", "/api/quotas/tenant/acme", {"requests_per_minute": 0.5, "reason": "r"}, 400),
    "a quota in words": ("PUT", "/api/quotas/tenant/acme", {"usd_per_day": "lots", "reason": "r"}, 400),
    "a quota that is no number": (
        "PUT",
        "/api/quotas/tenant/acme",
        '{"usd_per_day": NaN, "reason": "r"}',
        400,
    ),
    "a limit that nobody knows": ("PUT", "/api/quotas/tenant/acme", {"cents": 1, "reason": "r"}, 400),
    "a quota without a reason": ("PUT", "/api/quotas/tenant/acme", {"usd_per_day": 1, "reason": " "}, 400),
    "a quota to clear that is not set": ("DELETE", "/api/quotas/tenant/acme?reason=r", None, 404),
    "an operator with a quota": (
        "POST",
        "/api/keys",
        {"role": "operator", "name": "n", "quota": {"usd_per_day": 1}, "reason": "r"},
        400,
    ),
    "costs by the moon": ("GET", "/api/costs?by=moon", None, 400),
    "costs since a time that is none": ("GET", "/api/costs?since=noon", None, 400),
    "costs of an interval turned round": ("GET", "/api/costs?since=2027-01-02&until=2027-01-01", None, 400),
    "an unknown format": ("GET", "/api/ledger/export?format=xml", None, 400),
    "a time that is none": ("GET", "/api/ledger/export?since=noon", None, 400),
    "a census of no period": ("POST", "/api/census", {"since": "2031-01-01"}, 400),
    "a census since a time that is none": ("POST", "/api/census", {"since": "a week"}, 400),
    "a census of nobody": ("POST", "/api/census", {"tenants": []}, 400),
    "tuning of an unknown rollout": ("POST", "/api/tuning", {"rollout": "nothing"}, 404),
    "tuning where nothing is completed": ("POST", "/api/tuning", {}, 404),
    "tuning of no period": ("POST", "/api/tuning", {"since": "2031-01-01"}, 400),
    "tuning by something else": ("POST", "/api/tuning", {"threshold": 2}, 400),
    "a census by something else": ("POST", "/api/census", {"rollout": "r"}, 400),
    "an unknown version": ("GET", "/api/skills/report-writing?version=7", None, 404),
    "a version that is no number": ("GET", "/api/skills/report-writing?version=x", None, 400),
    "half a character as a name": (
        "POST",
        "/api/keys",
        '{"role": "client", "name": "\\ud800", "reason": "r"}',
        400,
    ),
    "a terminal's control code as a name": (
        "POST",
        "/api/keys",
        {"role": "client", "name": "\x9b2J", "reason": "r"},
        400,
    ),
    "half a character in a reason": ("POST", "/api/rollouts", '{"spec": "x", "reason": "\\udfff"}', 400),
    "an escape in a reason": ("POST", "/api/switches/off", {"scope": "all", "reason": "\x1b[2J"}, 400),
    "half a character to switch": (
        "POST",
        "/api/switches/on",
        '{"scope": "skill", "target": "\\ud800", "reason": "r"}',
        400,
    ),
    "half a character as a field": ("POST", "/api/rollouts", '{"\\ud800": 1}', 400),
    "half a character in a spec": ("POST", "/api/rollouts", '{"spec": "\\ud800", "reason": "r"}', 400),
    "a version no number holds": ("GET", f"/api/skills/report-writing?version={10**20}", None, 400),
    "a version before the first": ("GET", "/api/skills/report-writing?version=0", None, 400),
    "a body beyond the limit": ("POST", "/api/rollouts", '{"spec": "' + "x" * 1_000_001, 413),
    "an unknown path": ("GET", "/api/nothing", None, 404),
    "a wrong method": ("PUT", "/api/rollouts", None, 405),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_is_refused_in_one_shape(client, operator, case):
    method, path, body, status = BAD[case]
    content = body if isinstance(body, str) else None
    headers = {**operator, "content-type": "application/json"}
    response = await client.request(
        method, path, json=body if content is None else None, content=content, headers=headers
    )
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"type", "message"}
    assert len(error["message"]) > 10


async def test_a_name_that_is_taken_and_a_move_that_is_not_allowed_are_conflicts(client, operator):
    await publish(client, operator)
    await start(client, operator)
    assert "retry" in refused(await start(client, operator), 409, "conflict")
    promoted = await client.post("/api/rollouts/reports/promote", json={"reason": "r"}, headers=operator)
    assert "`abort`" in refused(promoted, 409, "conflict")


@pytest.mark.parametrize(
    "content",
    [b"not a zip", b"PK\x03\x04 cut off", zipped(text="no frontmatter")],
    ids=["not a zip", "cut off", "no frontmatter"],  # a zip tells its time: its bytes name no test twice
)
async def test_a_package_that_is_not_valid_is_refused_and_not_kept(services, client, operator, content):
    refused(await publish(client, operator, content), 400, "invalid_request")
    assert list(await services.store.skills.list()) == []


async def test_the_list_of_versions_reads_no_text(services, client, operator, monkeypatch):
    await publish(client, operator)

    async def texts(name=None):
        raise AssertionError("the texts were read")

    monkeypatch.setattr(services.store.skills, "list", texts)
    (listed,) = (await client.get("/api/skills", headers=operator)).json()["skills"]
    one = (await client.get("/api/skills/report-writing", headers=operator)).json()
    assert listed == {name: value for name, value in one.items() if name != "synced"}


async def test_an_upload_beyond_the_limit_is_given_up(client, operator):
    async def endless():
        for _ in range(60):
            yield bytes(1_000_000)

    response = await client.post("/api/skills", params={"reason": "r"}, content=endless(), headers=operator)
    refused(response, 413, "too_large")


async def answered(app, *, headers=(), body=b"", path="/api/rollouts"):
    """The status of a POST and how many bytes of an endless body were read for it."""
    read, statuses = 0, []

    async def receive():
        nonlocal read
        read += len(body)
        return {"type": "http.request", "body": body, "more_body": True}

    async def send(message):
        statuses.append(message.get("status"))

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return statuses[0], read


async def test_without_a_key_no_byte_of_a_body_is_read(services):
    app = create_control_api(services, by_key(services.store.keys), scan=ScanningHere().scan)
    head = [(b"content-type", b"application/json")]
    assert await answered(app, headers=head, body=bytes(100_000)) == (401, 0)
    assert await answered(app, headers=head, body=bytes(100_000), path="/api/skills") == (401, 0)


async def test_an_endless_body_is_given_up_at_the_limit(services, key):
    app = create_control_api(services, by_key(services.store.keys), scan=ScanningHere().scan)
    head = [(b"authorization", (await key())["authorization"].encode())]
    status, read = await answered(app, headers=head, body=bytes(100_000))
    assert (status, read) == (413, 1_100_000)
    assert await answered(app, headers=[*head, (b"content-length", b"1000001")], body=b"x") == (413, 0)


async def test_the_description_needs_no_key(client):
    assert (await client.get("/api/openapi.json")).json()["info"]["title"] == "Tidegate control API"


async def test_a_defect_is_answered_in_the_one_shape_and_logged(
    services, client, operator, monkeypatch, caplog
):
    async def broken():
        raise RuntimeError("a mistake")

    monkeypatch.setattr(services.store.switches, "list", broken)
    message = refused(await client.get("/api/switches", headers=operator), 500, "internal_error")
    assert "a mistake" not in message
    assert "RuntimeError: a mistake" in caplog.text


async def test_a_store_that_is_away_is_503(services, client, operator, monkeypatch):
    async def away():
        raise StoreUnavailable("the database cannot be reached; nothing was changed")

    monkeypatch.setattr(services.store.switches, "list", away)
    refused(await client.get("/api/switches", headers=operator), 503, "store_unavailable")


# ---- this one process, with the store away ------------------------------------------------------------


class Serving:
    """What a serving process would do with its local switches."""

    def __init__(self):
        self.off = set()

    def switch_off_local(self, scope, target):
        self.off.add((scope, target))

    def switch_on_local(self, scope, target):
        self.off.discard((scope, target))


async def test_a_local_switch_works_with_the_store_away(services, key, monkeypatch):
    headers, serving = await key(), Serving()
    known = {record.secret_hash: record for record in await services.store.keys.list()}

    async def away(hashed):
        raise StoreUnavailable("the database cannot be reached; nothing was changed")

    monkeypatch.setattr(services.store.keys, "find", away)
    app = create_control_api(
        services, by_key(services.store.keys, lambda: known), serving, scan=ScanningHere().scan
    )
    body = {"scope": "skill", "target": "report-writing", "reason": "r", "local": True}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x") as client:
        off = await client.post("/api/switches/off", json=body, headers=headers)
        assert (off.status_code, serving.off) == (200, {("skill", "report-writing")})
        unknown = {"authorization": "Bearer tgk_operator_guess"}
        refused(await client.post("/api/switches/off", json=body, headers=unknown), 401, "unauthenticated")
        await client.post("/api/switches/on", json=body, headers=headers)
    assert serving.off == set()


async def test_a_local_switch_where_nothing_serves_is_a_conflict(client, operator):
    body = {"scope": "all", "reason": "r", "local": True}
    refused(await client.post("/api/switches/off", json=body, headers=operator), 409, "conflict")


# ---- quotas and priorities ------------------------------------------------------------------------------


async def test_a_quota_is_changed_limit_by_limit_and_every_change_is_an_event(services, client, operator):
    path = "/api/quotas/tenant/acme"
    first = await client.put(path, json={"requests_per_minute": 60, "reason": "a trial"}, headers=operator)
    assert first.status_code == 200
    then = {"usd_per_day": 2.5, "tokens_per_minute": "none", "reason": "they pay"}
    second = (await client.put(path, json=then, headers=operator)).json()
    held = (second["requests_per_minute"], second["tokens_per_minute"], second["usd_per_day"])
    assert held == (60, "none", 2.5)
    assert (
        second["revision"] == first.json()["revision"] + 1 == (await services.store.routing.load()).revision
    )
    (listed,) = (await client.get("/api/quotas", headers=operator)).json()["quotas"]
    assert (listed["target"], listed["reason"], listed["by"][:10]) == ("acme", "they pay", "a operator")
    await client.delete(path + "?reason=over", headers=operator)
    assert (await client.get("/api/quotas", headers=operator)).json() == {"quotas": []}
    events = await services.store.rollouts.events("quota")
    assert [(each.kind, each.reason) for each in events] == [
        ("set", "a trial"),
        ("set", "they pay"),
        ("cleared", "over"),
    ]


async def test_a_key_is_created_with_its_quota_and_priority_in_one_change(services, client, operator):
    body = {"role": "client", "name": "app", "tenant": "acme", "reason": "new", "priority": "low"}
    created = await client.post("/api/keys", json={**body, "quota": {"usd_per_day": 1}}, headers=operator)
    state = await services.store.routing.load()
    assert state.revision == created.json()["revision"]
    (quota,) = state.quotas
    assert (quota.scope, quota.target, quota.amounts.usd_per_day) == ("key", created.json()["id"], 1.0)
    assert [key.priority for key in state.keys if key.id == quota.target] == ["low"]
    path = f"/api/keys/{quota.target}/priority"
    changed = await client.post(path, json={"priority": "high", "reason": "paid"}, headers=operator)
    assert changed.json()["priority"] == "high"
    listed = (await client.get("/api/keys", headers=operator)).json()["keys"]
    assert sorted(each["priority"] for each in listed) == ["high", "normal"]


async def test_only_a_living_client_key_has_a_quota(client, key, operator):
    await key("viewer")
    listed = (await client.get("/api/keys", headers=operator)).json()["keys"]
    viewer = next(each["id"] for each in listed if each["role"] == "viewer")
    body = {"usd_per_day": 1, "reason": "r"}
    response = await client.put(f"/api/quotas/key/{viewer}", json=body, headers=operator)
    assert "client keys" in refused(response, 400, "invalid_request")
    await client.delete(f"/api/keys/{viewer}?reason=r", headers=operator)


async def test_a_tenants_key_sees_its_own_quotas_alone(client, key, operator):
    for tenant in ("acme", "bolt"):
        await client.put(
            f"/api/quotas/tenant/{tenant}", json={"usd_per_day": 1, "reason": "r"}, headers=operator
        )
        body = {"role": "client", "name": "n", "tenant": tenant, "reason": "r", "quota": {"usd_per_day": 1}}
        await client.post("/api/keys", json=body, headers=operator)
    assert len((await client.get("/api/quotas", headers=operator)).json()["quotas"]) == 4
    own = (await client.get("/api/quotas", headers=await key("viewer", "acme"))).json()["quotas"]
    assert sorted(each["scope"] for each in own) == ["key", "tenant"]
    assert "bolt" not in str(own)
    theirs = await client.put(
        "/api/quotas/tenant/acme",
        json={"usd_per_day": 9, "reason": "r"},
        headers=await key("operator", "acme"),
    )
    refused(theirs, 403, "forbidden")


# ---- costs ----------------------------------------------------------------------------------------------


def spent(number, **changes):
    fields = {"tenant": "acme", "key_id": "key_1", "unit_hash": "u", "model": "small", "outcome": Outcome.OK}
    fields |= {"id": f"tgx_{number}", "at": NOW + number, "finished_at": NOW + number, "status": 200}
    return Exchange(**{**fields, "seconds": 1.0, "cost_usd": 0.1, "usage": Usage(10, 5), **changes})


async def test_costs_are_summed_by_what_is_asked_and_the_unpriced_counted_apart(services, client, operator):
    both = (SkillUse("drafting", 1, "pattern", 1.0), SkillUse("analysis", 2, "pattern", 1.0))
    lines = [spent(1), spent(2, skills=both), spent(3, model="odd", cost_usd=None), spent(4, tenant="bolt")]
    await services.store.ledger.ingest(lines, ())
    by = (await client.get("/api/costs?by=model", headers=operator)).json()
    assert [
        (each["model"], each["requests"], each["unpriced"], each["cost_usd"]) for each in by["lines"]
    ] == [
        ("small", 3, 0, pytest.approx(0.3)),
        ("odd", 1, 1, None),
    ]
    assert (by["total"]["requests"], by["total"]["input_tokens"]) == (4, 40)
    skills = (await client.get("/api/costs?by=skill", headers=operator)).json()
    assert {each["skill"]: each["requests"] for each in skills["lines"]} == {
        "": 3,
        "analysis": 1,
        "drafting": 1,
    }
    assert skills["total"]["requests"] == 4
    window = (
        await client.get(f"/api/costs?by=tenant&since={NOW + 2}&until={NOW + 4}", headers=operator)
    ).json()
    assert [(each["tenant"], each["requests"]) for each in window["lines"]] == [("acme", 2)]


async def test_costs_by_key_tell_its_name_and_a_tenant_sees_its_own(services, client, key, operator):
    body = {"role": "client", "name": "app", "tenant": "acme", "reason": "r"}
    made = (await client.post("/api/keys", json=body, headers=operator)).json()
    await services.store.ledger.ingest([spent(1, key_id=made["id"]), spent(2, tenant="bolt")], ())
    lines = (await client.get("/api/costs?by=key", headers=operator)).json()["lines"]
    assert {each["key"]: each.get("name") for each in lines} == {made["id"]: "app", "key_1": None}
    own = (await client.get("/api/costs?by=tenant", headers=await key("viewer", "acme"))).json()
    assert [each["tenant"] for each in own["lines"]] == ["acme"]
