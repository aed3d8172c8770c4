"""The emulated Skills API in both its shapes, as the official SDK and plain HTTP see it."""

import io
import json
import zipfile

import anthropic
import httpx2
import pytest

from tidegate.harness.emulator import Fault, Profile

BETA = "skills-2025-10-02"
HEADERS = {"x-api-key": "key-one", "anthropic-version": "2023-06-01"}


def skill_md(name: str = "tide-table", description: str = "Reads tide tables.") -> bytes:
    return f"---\nname: {name}\ndescription: {description}\n---\n# Body\n".encode()


def files(name: str = "tide-table", **more: bytes) -> list[tuple[str, bytes]]:
    rest = [(f"{name}/{path}", content) for path, content in more.items()]
    return [(f"{name}/SKILL.md", skill_md(name)), *rest]


def zipped(entries: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in entries:
            archive.writestr(path, content)
    return buffer.getvalue()


@pytest.fixture
async def sdk(emulator):
    async with anthropic.AsyncAnthropic(base_url=emulator.url, api_key="key-one", max_retries=0) as client:
        yield client


@pytest.fixture
async def beta(emulator):
    headers = {**HEADERS, "anthropic-beta": BETA}
    async with httpx2.AsyncClient(base_url=emulator.url, headers=headers, timeout=10) as client:
        yield client


async def upload(client, entries, path="/v1/skills", **fields):
    form = [("files[]", (name, content)) for name, content in entries]
    return await client.post(path, files=form, data=fields)


# ---- since it left beta ---------------------------------------------------------------------------------


async def test_a_skill_is_created_from_files_and_from_a_zip(sdk):
    one = await sdk.skills.create(files=files(**{"scripts/run.py": b"print()\r\n--x\0"}))
    assert (one.type, one.display_name, one.source.type) == ("skill", "tide-table", "custom")
    assert one.id.startswith("skill_")
    assert one.latest_version_id.startswith("skver_")
    two = await sdk.skills.create(
        files=[("whatever.zip", zipped(files("harbour")))], display_name="Of harbours"
    )
    assert two.display_name == "Of harbours"
    assert (await sdk.skills.retrieve(two.id)) == two
    version = await sdk.skills.versions.retrieve("latest", skill_id=two.id)
    assert (version.id, version.name, version.skill_id) == (two.latest_version_id, "harbour", two.id)
    assert version.description == "Reads tide tables."


async def test_a_label_may_be_there_twice_and_skill_md_may_lie_at_the_root(sdk):
    first = await sdk.skills.create(files=[("SKILL.md", skill_md())])
    second = await sdk.skills.create(files=files())
    assert first.display_name == second.display_name
    assert first.id != second.id


async def test_skills_are_listed_in_pages_newest_first_the_providers_own_last(sdk):
    made = [(await sdk.skills.create(files=files(f"skill-{number}"))).id for number in range(5)]
    listed = [skill.id async for skill in sdk.skills.list(limit=2)]
    assert listed == [*reversed(made), "pptx", "xlsx", "docx", "pdf"]
    own = await sdk.skills.list(source="custom", limit=1000)
    assert [skill.id for skill in own.data] == list(reversed(made))
    theirs = await sdk.skills.list(source="anthropic")
    assert {skill.source.type for skill in theirs.data} == {"anthropic"}


async def test_versions_are_added_listed_and_deleted_but_for_the_only_one(sdk):
    skill = await sdk.skills.create(files=files())
    first = skill.latest_version_id
    second = await sdk.skills.versions.create(skill.id, files=files())
    listed = [version.id async for version in sdk.skills.versions.list(skill.id, limit=1)]
    assert listed == [second.id, first]
    gone = await sdk.skills.versions.delete(first, skill_id=skill.id)
    assert (gone.id, gone.type) == (first, "skill_version_deleted")
    with pytest.raises(anthropic.BadRequestError, match="only version"):
        await sdk.skills.versions.delete(second.id, skill_id=skill.id)
    with pytest.raises(anthropic.NotFoundError):
        await sdk.skills.versions.retrieve(first, skill_id=skill.id)
    deleted = await sdk.skills.delete(skill.id)
    assert (deleted.id, deleted.type) == (skill.id, "skill_deleted")
    with pytest.raises(anthropic.NotFoundError):
        await sdk.skills.retrieve(skill.id)


async def test_a_further_version_keeps_the_skills_name(sdk):
    skill = await sdk.skills.create(files=files())
    with pytest.raises(anthropic.BadRequestError, match="must match the skill's name"):
        await sdk.skills.versions.create(skill.id, files=files("another"))


async def test_another_keys_workspace_sees_nothing(emulator, sdk):
    skill = await sdk.skills.create(files=files())
    async with anthropic.AsyncAnthropic(base_url=emulator.url, api_key="key-two") as stranger:
        with pytest.raises(anthropic.NotFoundError):
            await stranger.skills.retrieve(skill.id)
        with pytest.raises(anthropic.NotFoundError):
            await stranger.skills.versions.create(skill.id, files=files())
        with pytest.raises(anthropic.NotFoundError):
            await stranger.skills.delete(skill.id)
        assert (await stranger.skills.list(source="custom")).data == []


BAD_UPLOADS = {
    "no files": ([], "files: Field required"),
    "no SKILL.md": ([("a/other.md", b"x")], "SKILL.md"),
    "two folders": ([*files("one"), ("two/x.md", b"x")], "same top-level folder"),
    "no frontmatter": ([("a/SKILL.md", b"# hello")], "frontmatter"),
    "broken frontmatter": ([("a/SKILL.md", b"---\n: [\n---\n")], "frontmatter"),
    "a bad name": ([("a/SKILL.md", skill_md("Not Good"))], "name"),
    "a reserved name": ([("a/SKILL.md", skill_md("my-claude-skill"))], "name"),
    "a tag in the description": ([("a/SKILL.md", skill_md("a", "say <b>"))], "description"),
    "a broken zip": ([("a.zip", b"PK\x03\x04 not a zip")], "zip"),
}


@pytest.mark.parametrize("case", BAD_UPLOADS)
async def test_a_bad_upload_is_refused_with_its_reason(client, case):
    entries, message = BAD_UPLOADS[case]
    answer = await upload(client, entries, display_name="x")
    if not entries:  # httpx2 sends no multipart form without a file
        answer = await client.post(
            "/v1/skills",
            content=b'--b\r\ncontent-disposition: form-data; name="display_name"\r\n\r\nx\r\n--b--\r\n',
            headers={"content-type": "multipart/form-data; boundary=b"},
        )
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nno end of headers\r\n--b--"),
    ],
)
async def test_what_is_no_form_is_refused(client, kind, body):
    answer = await client.post("/v1/skills", content=body, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text


async def test_too_large_a_skill_is_a_413(client):
    answer = await upload(client, files(**{"assets/big.bin": b"x" * 30_000_000}))
    assert answer.status_code == 413


async def test_a_long_label_and_unknown_paths_and_methods_are_refused(client):
    assert (await upload(client, files(), display_name="x" * 256)).status_code == 400
    assert (await client.get("/v1/skills/a/nothing")).status_code == 404
    assert (await client.put("/v1/skills/a")).status_code == 405
    assert (await client.get("/v1/skills?limit=0")).status_code == 400
    assert (await client.get("/v1/skills?page=page_nonsense")).status_code == 400
    assert (await client.get("/v1/skills?source=mine")).status_code == 400


# ---- the beta's shapes ----------------------------------------------------------------------------------


async def test_the_beta_names_titles_and_epochs(beta):
    skill = (await upload(beta, files(), display_title="Tides")).json()
    assert skill["display_title"] == "Tides"
    assert skill["source"] == "custom"
    assert skill["latest_version"].isdecimal()
    assert "display_name" not in skill
    again = await upload(beta, files(), display_title="Tides")
    assert again.status_code == 400
    assert "cannot reuse an existing display_title: Tides" in again.json()["error"]["message"]
    path = f"/v1/skills/{skill['id']}/versions"
    version = (await upload(beta, files(), path)).json()
    assert version["directory"] == "tide-table"
    listed = (await beta.get(path)).json()
    assert [one["version"] for one in listed["data"]] == [skill["latest_version"], version["version"]]
    assert (listed["has_more"], listed["next_page"]) == (False, None)
    assert (await beta.get(f"{path}/{version['version']}")).json() == version
    assert (await beta.get(f"{path}/latest")).status_code == 404


async def test_the_beta_deletes_versions_one_by_one_and_the_skill_last(beta, client):
    skill = (await upload(beta, files())).json()
    path = f"/v1/skills/{skill['id']}"
    assert (await beta.delete(path)).status_code == 400
    gone = (await beta.delete(f"{path}/versions/{skill['latest_version']}")).json()
    assert gone == {"id": skill["latest_version"], "type": "skill_version_deleted"}
    assert (await beta.get(path)).json()["latest_version"] is None
    assert (await client.get(path)).status_code == 400  # no current version to show without the beta
    assert (await beta.delete(path)).json() == {"id": skill["id"], "type": "skill_deleted"}


async def test_the_beta_wants_a_folder_named_like_the_skill(beta):
    assert (await upload(beta, [("SKILL.md", skill_md())])).status_code == 400
    other = await upload(beta, [("folder/SKILL.md", skill_md())])
    assert "must match the skill name" in other.json()["error"]["message"]


async def test_a_page_of_one_shape_is_none_of_the_other(beta, client):
    for number in range(3):
        await upload(beta, files(f"skill-{number}"))
    following = (await beta.get("/v1/skills?limit=1")).json()["next_page"]
    assert (await client.get(f"/v1/skills?limit=1&page={following}")).status_code == 400
    assert (await beta.get(f"/v1/skills?limit=1&page={following}")).status_code == 200


async def test_a_provider_before_general_availability_has_no_skills_without_the_header(start):
    emulator = await start(Profile(only_beta=True))
    async with httpx2.AsyncClient(base_url=emulator.url, headers=HEADERS) as client:
        assert (await client.get("/v1/skills")).status_code == 404
        assert (await client.get("/v1/skills", headers={"anthropic-beta": BETA})).status_code == 200


# ---- faults ---------------------------------------------------------------------------------------------


async def test_a_fault_on_skills_leaves_messages_alone_and_a_cut_comes_after_the_work(emulator, client, body):
    emulator.set_faults([Fault(kind="cut", route="skills", after_bytes=5)])
    with pytest.raises(httpx2.TransportError):
        await upload(client, files())
    assert (await client.post("/v1/messages", json=body())).status_code == 200
    emulator.set_faults([Fault(kind="status", status=401, route="skills")])
    assert (await upload(client, files())).status_code == 401
    emulator.set_faults([Fault(kind="status", status=500)])
    listed = json.loads((await client.get("/v1/skills?source=custom")).text)
    assert len(listed["data"]) == 1
