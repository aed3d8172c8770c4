"""The Skills API's refusals, its own additions, and who may: over a real store, without sockets."""

import asyncio
import io
import zipfile

import httpx2
import pytest
from fresh_store import fresh_store

from tidegate.control.caller import by_key
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.control.start import start_rollout
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.skills_api import create_skills_api

BETA = {"anthropic-beta": "other-1, skills-2025-10-02"}


class Clock:
    def now(self):
        return 1_800_000_000.25

    def monotonic(self):
        return asyncio.get_running_loop().time()


def skill_md(name="tide-table", description="Reads tide tables."):
    return f"---\nname: {name}\ndescription: {description}\n---\nRead.\n".encode()


def form(*files, field="files[]"):
    return [(field, (name, content)) for name, content in files]


def one(name="tide-table", description="Reads tide tables."):
    return form((f"{name}/SKILL.md", skill_md(name, description)))


@pytest.fixture
async def services(tmp_path):
    store = await fresh_store(tmp_path / "tidegate.db", Clock())
    yield Services(store, Clock())
    await store.close()


@pytest.fixture
async def keys(services):
    made = {}
    for role, tenant in (
        ("publisher", "default"),
        ("viewer", "default"),
        ("operator", "default"),
        ("client", "default"),
        ("publisher", "acme"),
    ):
        _, secret, _ = await create_key(services, role=role, name=role, tenant=tenant, actor="t", reason="t")
        made[role if tenant == "default" else tenant] = secret
    return made


@pytest.fixture
async def api(services, keys):
    app = create_skills_api(services, by_key(services.store.keys), scan=ScanningHere().scan)
    headers = {"x-api-key": keys["publisher"]}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://t", headers=headers
    ) as client:
        yield client


def refused(got, status, kind, *said):
    body = got.json()
    assert (got.status_code, body["type"], body["error"]["type"]) == (status, "error", kind), got.text
    assert body["request_id"] == got.headers["request-id"]
    for each in said:
        assert each in body["error"]["message"]


BAD = {
    "no files": (form(("x", b"y"), field="other"), 400, "is no field"),
    "no SKILL.md": (form(("a/other.md", b"x")), 400, "SKILL.md"),
    "two tops": (form(("a/SKILL.md", skill_md("a")), ("b/x.md", b"x")), 400, "one folder"),
    "another folder": (form(("a/SKILL.md", skill_md("b"))), 400, "name of its folder"),
    "a loose file": (form(("notes.md", b"x")), 400, "outside a folder"),
    "a path that climbs": (form(("a/../SKILL.md", skill_md("a"))), 400, "segment"),
    "the same twice": (one() + one(), 400, "twice"),
    "no frontmatter": (form(("a/SKILL.md", b"# hello")), 400, "SKILL.md"),
    "a broken zip": (form(("a.zip", b"PK\x03\x04 no zip")), 400, "zip"),
    "too many files": (form(*((f"a/{n}", b"") for n in range(502))), 413, "at most 500"),
    "a file too large": (one() + form(("tide-table/big", bytes(25_000_001))), 413, "limit for a file"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_upload_is_refused_with_its_reason(api, services, case):
    files, status, said = BAD[case]
    got = await api.post("/v1/skills", files=files)
    refused(got, status, {400: "invalid_request_error", 413: "request_too_large"}[status], said)
    assert await services.store.skills.list() == []


WHOLE_FORM = (
    b'--b\r\nContent-Disposition: form-data; name="files[]"; filename="a/SKILL.md"\r\n\r\nx\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/json", b"{}", "multipart/form-data"),
        ("multipart/form-data", b"x", "boundary"),
        ("multipart/form-data; boundary=b", b"nonsense", "multipart form"),
        ("multipart/form-data; boundary=b; charset=undefined", WHOLE_FORM, "leave it out"),
        ("multipart/form-data; boundary=b; charset=punycode", WHOLE_FORM, "leave it out"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="files[]"; filename="a/SKILL.md"\r\n\r\nx\r\n',
            "cut off",
        ),
        ("multipart/form-data; boundary=b", b"--b--\r\n", "files: Field required"),
    ],
)
async def test_what_is_no_whole_form_is_refused(api, kind, body, said):
    got = await api.post("/v1/skills", content=body, headers={"content-type": kind})
    refused(got, 400, "invalid_request_error", said)


async def test_a_body_beyond_the_limit_is_not_read(api):
    got = await api.post("/v1/skills", content=b"", headers={"content-length": "40048001"})
    refused(got, 413, "request_too_large", "40,048,000")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 256], ids=["none", "blank", "two lines", "long"])
async def test_a_display_name_is_one_line(api, name):
    got = await api.post("/v1/skills", files=one(), data={"display_name": name})
    if name:
        refused(got, 400, "invalid_request_error", "display_name")
    else:  # an empty field says nothing
        assert got.json()["display_name"] == "tide-table"


async def test_files_may_lie_in_no_folder(api):
    got = await api.post("/v1/skills", files=form(("SKILL.md", skill_md()), ("scripts/a.py", b"print(1)\n")))
    assert got.json()["id"] == "skill_tide-table"
    content = await api.get("/v1/skills/skill_tide-table/versions/latest/content")
    with zipfile.ZipFile(io.BytesIO(content.content)) as archive:
        assert archive.namelist() == ["tide-table/SKILL.md", "tide-table/scripts/a.py"]


ROUTES = [
    ("GET", "/v1/skills", "viewer"),
    ("POST", "/v1/skills", "publisher"),
    ("GET", "/v1/skills/skill_x", "viewer"),
    ("POST", "/v1/skills/skill_x", "publisher"),
    ("DELETE", "/v1/skills/skill_x", "publisher"),
    ("GET", "/v1/skills/skill_x/versions", "viewer"),
    ("POST", "/v1/skills/skill_x/versions", "publisher"),
    ("GET", "/v1/skills/skill_x/versions/v", "viewer"),
    ("POST", "/v1/skills/skill_x/versions/v", "publisher"),
    ("DELETE", "/v1/skills/skill_x/versions/v", "publisher"),
    ("GET", "/v1/skills/skill_x/versions/v/content", "viewer"),
]


@pytest.mark.parametrize(("method", "path", "least"), ROUTES)
async def test_who_may_is_the_same_table_as_everywhere(api, keys, method, path, least):
    for who in ("client", "acme", *(["viewer"] if least == "publisher" else [])):
        got = await api.request(method, path, headers={"x-api-key": keys[who]})
        refused(got, 403, "permission_error")
    got = await api.request(method, path, headers={"x-api-key": "nobody's"})
    refused(got, 401, "authentication_error")
    for who in {"operator", least}:
        got = await api.request(method, path, headers={"x-api-key": keys[who]})
        assert got.status_code in (200, 400, 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/skills/skill_nobody"),
        ("GET", "/v1/skills/tide-table"),
        ("GET", "/v1/skills/skill_tide-table/versions/skver_tide-table_9"),
        ("DELETE", "/v1/skills/skill_tide-table/versions/latest"),
        ("DELETE", "/v1/skills/skill_nobody"),
        ("GET", "/v1/skills/skill_tide-table/nothing"),
    ],
)
async def test_what_is_not_there_is_a_404(api, method, path):
    await api.post("/v1/skills", files=one())
    refused(await api.request(method, path), 404, "not_found_error")


async def test_a_method_that_no_path_has_is_a_405(api):
    refused(await api.put("/v1/skills/skill_x"), 405, "invalid_request_error")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=0000000015000",
        "limit=x",
        "page=nonsense",
        "page=page_W10=",
        "source=mine",
    ],
)
async def test_a_bad_page_is_refused(api, query):
    refused(await api.get(f"/v1/skills?{query}"), 400, "invalid_request_error")


async def test_a_limit_without_end_is_refused(api):
    refused(await api.get("/v1/skills?limit=000000010" + "0" * 5_000), 400, "invalid_request_error")


async def test_a_second_skill_of_a_name_is_a_conflict_not_to_be_retried(api):
    await api.post("/v1/skills", files=one())
    got = await api.post("/v1/skills", files=one(description="Others."))
    refused(got, 409, "invalid_request_error", "/v1/skills/skill_tide-table/versions")
    assert got.headers["x-should-retry"] == "false"
    other = await api.post("/v1/skills/skill_tide-table/versions", files=one("other"))
    refused(other, 400, "invalid_request_error", "keeps its name")


async def test_of_several_creators_at_once_one_creates_the_skill(api, services):
    contents = [one(description=f"Reads tide tables, {number % 3}.") for number in range(6)]
    told = await asyncio.gather(*(api.post("/v1/skills", files=each) for each in contents))
    assert sorted(each.status_code for each in told) == [200, 200, 409, 409, 409, 409]
    (kept,) = await services.store.skills.list()
    for number, each in enumerate(told):
        mine = kept.manifest.description == f"Reads tide tables, {number % 3}."
        assert (each.status_code == 200) == mine
        if not mine:
            refused(each, 409, "invalid_request_error", "tide-table")


async def test_labels_names_and_the_default_version_are_changed_and_found_by(api, services):
    await api.post("/v1/skills", files=one())
    await api.post("/v1/skills", files=one("moon-phase", "Knows the phases of the moon."))
    path = "/v1/skills/skill_tide-table"
    await api.post(f"{path}/versions", files=one(description="Second."))
    body = {"labels": {"team": "harbour"}, "default_version": "skver_tide-table_1", "display_name": "Tides"}
    got = (await api.post(path, json=body, headers={"tidegate-reason": "tidying"})).json()
    assert (got["display_name"], got["tidegate"]["labels"]) == ("Tides", {"team": "harbour"})
    assert (await api.get(f"{path}/versions/default")).json()["id"] == "skver_tide-table_1"
    assert (await api.get(f"{path}/versions/latest")).json()["id"] == "skver_tide-table_2"
    *_, event = await services.store.rollouts.events("skills")
    assert (event.kind, event.reason) == ("described", "tidying")
    for query, found in (
        ("label=team", ["skill_tide-table"]),
        ("label=team:legal", []),
        ("query=phases+of+the+moon", ["skill_moon-phase"]),
        ("query=tid", ["skill_tide-table"]),
        ("query=nothing", []),
    ):
        listed = (await api.get(f"/v1/skills?{query}")).json()["data"]
        assert [each["id"] for each in listed] == found, query
    await api.delete(f"{path}/versions/skver_tide-table_1")
    assert (await api.get(f"{path}/versions/default")).json()["id"] == "skver_tide-table_2"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"x":1}',
        b'{"labels":{"Not One":"x"}}',
        b'{"default_version":"skver_x_1"}',
        b'{"labels":3}',
    ],
)
async def test_a_bad_change_is_refused(api, body):
    await api.post("/v1/skills", files=one())
    refused(await api.post("/v1/skills/skill_tide-table", content=body), 400, "invalid_request_error")


SPEC = """
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: tides}
spec:
  candidate: {skills: {tide-table: 2}}
  stages: [{name: full, weight: 100, bake: 1h, promote: manual}]
  gates: {errors: {max: 5%, worse: pause}}
"""


async def test_a_skill_that_a_rollout_serves_is_deleted_in_no_part(api, services):
    path = "/v1/skills/skill_tide-table"
    await api.post("/v1/skills", files=one())
    await api.post(f"{path}/versions", files=one(description="Second."))
    await start_rollout(services, SPEC, actor="t", reason="t")
    before = await services.store.routing.revision()
    for gone in (path, f"{path}/versions/skver_tide-table_2"):
        refused(await api.delete(gone), 409, "invalid_request_error", "version 2", "the rollout tides")
    assert [each.state for each in await services.store.skills.list()] == ["published", "published"]
    assert await services.store.routing.revision() == before
    assert (await api.delete(f"{path}/versions/skver_tide-table_1")).status_code == 200


async def test_lists_read_no_text_of_a_skill(api, services, monkeypatch):
    await api.post("/v1/skills", files=one())
    await api.post("/v1/skills/skill_tide-table/versions", files=one(description="Reads currents."))

    async def texts(name=None):
        raise AssertionError("the texts were read")

    monkeypatch.setattr(services.store.skills, "list", texts)
    for path in (
        "?limit=1",
        "?query=currents",
        "?label=none",
        "/skill_tide-table",
        "/skill_tide-table/versions",
    ):
        got = (await api.get(f"/v1/skills{path}")).json()
        assert "error" not in got
        assert len(got.get("data", [1])) == {"?label=none": 0, "/skill_tide-table/versions": 2}.get(path, 1)


async def test_states_are_moved_by_the_table(api):
    await api.post("/v1/skills", files=one())
    path = "/v1/skills/skill_tide-table/versions/skver_tide-table_1"
    for state in ("deprecated", "published", "revoked"):
        got = await api.post(path, json={"state": state})
        assert got.json()["tidegate"]["state"] == state
    refused(await api.get(path), 404, "not_found_error")
    refused(await api.post("/v1/skills", files=one()), 409, "invalid_request_error", "was revoked")


async def test_an_archive_that_was_changed_in_the_store_is_no_download(api, services, monkeypatch):
    await api.post("/v1/skills", files=one())
    path = "/v1/skills/skill_tide-table/versions/skver_tide-table_1/content"
    assert (await api.get(path)).status_code == 200

    async def archive(digest):
        return b"PK"

    monkeypatch.setattr(services.store.skills, "archive", archive)
    refused(await api.get(path), 500, "api_error", "tide-table version 1", "was changed there")


async def test_the_beta_asks_for_its_shapes_among_other_betas(api):
    got = (await api.post("/v1/skills", files=one(), headers=BETA)).json()
    assert (got["display_title"], got["source"]) == ("tide-table", "custom")
    listed = (await api.get("/v1/skills", headers=BETA)).json()
    assert (listed["has_more"], listed["next_page"]) == (False, None)
