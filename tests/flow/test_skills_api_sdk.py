"""The official SDK's whole life of a skill, over real sockets, with `base_url` and key changed."""

import asyncio
import io
import zipfile

import anthropic
import pytest
import pytest_asyncio
from stack import stack

BETA = "skills-2025-10-02"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("skills_api")]


def skill_md(name, description="Reads tide tables."):
    return f"---\nname: {name}\ndescription: {description}\n---\n# Body\n".encode()


def files(name, description="Reads tide tables.", **more):
    rest = [(f"{name}/{path}", content) for path, content in more.items()]
    return [(f"{name}/SKILL.md", skill_md(name, description)), *rest]


def zipped(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in entries:
            archive.writestr(path, content)
    return buffer.getvalue()


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory):
    async with stack(tmp_path_factory.mktemp("skills-api")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sdk(served):
    async with anthropic.AsyncAnthropic(base_url=served.url, api_key=served.operator_key) as client:
        yield client


async def test_a_skill_lives_its_whole_life(sdk):
    made = await sdk.skills.create(
        files=files("harbour", **{"assets/tide.bin": b"print(1)\r\n--x\0"}), display_name="The harbour"
    )
    assert (made.id, made.display_name, made.source.type) == ("skill_harbour", "The harbour", "custom")
    first = made.latest_version_id
    second = await sdk.skills.versions.create(made.id, files=files("harbour", "Reads them better."))
    assert (second.skill_id, second.name, second.description) == (made.id, "harbour", "Reads them better.")
    assert [each.id async for each in sdk.skills.versions.list(made.id, limit=1)] == [second.id, first]
    assert (await sdk.skills.retrieve(made.id)).latest_version_id == second.id
    assert await sdk.skills.versions.retrieve("latest", skill_id=made.id) == second
    gone = await sdk.skills.versions.delete(first, skill_id=made.id)
    assert (gone.id, gone.type) == (first, "skill_version_deleted")
    with pytest.raises(anthropic.NotFoundError):
        await sdk.skills.versions.retrieve(first, skill_id=made.id)
    with pytest.raises(anthropic.BadRequestError, match="only version"):
        await sdk.skills.versions.delete(second.id, skill_id=made.id)
    deleted = await sdk.skills.delete(made.id)
    assert (deleted.id, deleted.type) == (made.id, "skill_deleted")
    with pytest.raises(anthropic.NotFoundError):
        await sdk.skills.retrieve(made.id)


async def test_the_beta_client_creates_from_a_zip_and_downloads_what_was_sent(served, sdk):
    sent = files("tide-table", **{"scripts/run.py": b"print(1)\n"})
    beta = sdk.beta.skills
    made = await beta.create(files=[("any.zip", zipped(sent))])
    assert (made.id, made.display_name) == ("skill_tide-table", "tide-table")
    content = await beta.versions.download(made.latest_version_id, skill_id=made.id)
    assert unzipped(await content.read()) == dict(sent)
    again = await sdk.skills.create(files=sent)
    assert (again.id, again.latest_version_id) == (made.id, made.latest_version_id)


async def test_the_shapes_of_the_beta_are_there_for_who_asks_for_them(sdk):
    beta = sdk.beta.skills
    made = await beta.create(files=files("moon"), betas=[BETA], extra_body={"display_title": "Of the moon"})
    assert (made.display_title, made.source) == ("Of the moon", "custom")
    epoch = made.latest_version
    assert epoch.isdecimal()
    (version,) = [each async for each in beta.versions.list(made.id, betas=[BETA])]
    assert (version.version, version.directory) == (epoch, "moon")
    assert (await beta.versions.retrieve(epoch, skill_id=made.id, betas=[BETA])).id == version.id
    with pytest.raises(anthropic.BadRequestError, match="Delete all versions first"):
        await beta.delete(made.id, betas=[BETA])
    gone = await beta.versions.delete(epoch, skill_id=made.id, betas=[BETA])
    assert gone.id == epoch
    assert (await beta.delete(made.id, betas=[BETA])).type == "skill_deleted"


async def test_lists_come_in_pages_though_what_was_shown_is_deleted_meanwhile(sdk):
    made = [(await sdk.skills.create(files=files(f"page-{number}"))).id for number in range(4)]
    seen = []
    async for skill in sdk.skills.list(limit=1, source="custom"):
        if skill.id in made:
            seen.append(skill.id)
            await sdk.skills.delete(skill.id)
    assert seen == made[::-1]
    assert (await sdk.skills.list(source="anthropic")).data == []


async def test_the_synchronous_clients_do_the_same(served):
    def live() -> list[str]:
        with anthropic.Anthropic(base_url=served.url, auth_token=served.operator_key) as client:
            made = client.skills.create(files=files("sync-skill"))
            version = client.beta.skills.versions.create(made.id, files=files("sync-skill", "More."))
            content = client.beta.skills.versions.download("latest", skill_id=made.id).read()
            listed = [each.id for each in client.skills.versions.list(made.id)]
            assert listed == [version.id, made.latest_version_id]
            client.beta.skills.delete(made.id)
            return sorted(unzipped(content))

    assert await asyncio.to_thread(live) == ["sync-skill/SKILL.md"]


async def test_a_revoked_version_is_refused_for_ever_and_its_skill_goes_on(sdk):
    first = await sdk.skills.create(files=files("going-on"))
    await sdk.skills.versions.create(first.id, files=files("going-on", "Second."))
    await sdk.skills.versions.delete(first.latest_version_id, skill_id=first.id)
    with pytest.raises(anthropic.ConflictError, match="was revoked and is never served again"):
        await sdk.skills.versions.create(first.id, files=files("going-on"))
    third = await sdk.skills.versions.create(first.id, files=files("going-on", "Third."))
    assert third.id == "skver_going-on_3"


async def test_client_keys_manage_no_skills(served):
    async with anthropic.AsyncAnthropic(base_url=served.url, api_key=served.client_key) as client:
        with pytest.raises(anthropic.PermissionDeniedError, match="a client key manages no skills"):
            await client.skills.list()
    async with anthropic.AsyncAnthropic(base_url=served.url, api_key="nobody's") as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.skills.list()
