"""Bringing a version to a provider: once, again after a crash, beside other skills, and in trouble."""

from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from tidegate.bootstrap.skill_hosts import ConfiguredSkillHosts
from tidegate.config.credential import Credential
from tidegate.config.settings import NamedUpstream, Native, Settings, Upstream
from tidegate.control.services import Services
from tidegate.control.sync import sync_skill
from tidegate.control.unsynced import unsynced
from tidegate.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    StoreUnavailable,
    TidegateError,
)
from tidegate.domain.rollout import Eligible, Gates, Plan, SkillRef, Stage, Unit, Variant
from tidegate.domain.skill import VersionState
from tidegate.harness.emulator import Fault, Profile, start_emulator
from tidegate.harness.emulator.skill_upload import Upload as Uploaded
from tidegate.registry.archive import canonical_archive, digest_of
from tidegate.registry.validate import validate_zip

WHY = {"actor": "ann", "reason": "because"}


def package(body: str = "Read it.", name: str = "tide-table", mode: str = "native"):
    text = f"---\nname: {name}\ndescription: Reads tides.\nmetadata:\n  tidegate.mode: {mode}\n---\n{body}\n"
    return validate_zip(canonical_archive(name, {"SKILL.md": text.encode()}))


class World:
    """A store, a provider, and a control plane that reaches it."""

    def __init__(self, services, emulator, dialect: str) -> None:
        self.emulator = emulator
        self.settings = Settings(
            home=None,  # type: ignore[arg-type] # no file is read
            upstream=Upstream(url=emulator.url, key="k"),
            upstreams={"chat": NamedUpstream(kind="openai", url=emulator.url)},
            credentials={
                "theirs": Credential(tenant="acme", value="acme-key"),
                "gone": Credential(tenant="gone", env="NOBODY_HAS_SET_THIS"),
                "chat-of-acme": Credential(upstream="chat", tenant="acme", value="x"),
            },
            native=Native(dialect=dialect),
        )
        self.services = Services(services.store, services.clock, hosts=ConfiguredSkillHosts(self.settings))

    async def publish(self, body: str = "Read it.", **more):
        version, _ = await self.services.store.skills.publish(
            package(body, **more), by="ann", reason="r", at=1.0
        )
        return version

    async def sync(
        self,
        number: int | None = None,
        upstream: str = "default",
        name: str = "tide-table",
        tenant: str = "",
    ):
        return await sync_skill(self.services, name, number, upstream, tenant=tenant, **WHY)

    def fault(self, **fault) -> None:
        self.emulator.set_faults([Fault(route="skills", **fault)] if fault else [])

    @property
    def shelf(self):
        return self.emulator._service.provider._native.shelf("k")


@pytest.fixture(params=["ga", "beta"])
async def world(request, services):
    emulator = await start_emulator(Profile())
    yield World(services, emulator, request.param)
    await emulator.close()


async def test_a_version_is_uploaded_once_and_remembered(world) -> None:
    version = await world.publish()
    first = await world.sync()
    assert first.uploaded
    (skill,) = world.shelf.skills.values()
    assert first.synced.there.skill_id == skill.id
    assert first.synced.there.version_id == skill.versions[0].id
    assert skill.versions[0].upload.files["SKILL.md"].endswith(b"Read it.\n")
    assert (first.synced.digest, first.synced.by) == (version.digest, "ann")
    assert version.digest == digest_of(package().archive)
    again = await world.sync()
    assert (again.uploaded, again.synced) == (False, first.synced)
    assert again.revision == first.revision
    assert len(skill.versions) == 1
    assert await world.services.store.syncs.list() == [first.synced]


async def test_an_archive_that_was_changed_in_the_store_is_not_uploaded(world) -> None:
    await world.services.store.skills.publish(
        msgspec.structs.replace(package(), archive=b"PK"), by="ann", reason="r", at=1.0
    )
    with pytest.raises(TidegateError, match="was changed there"):
        await world.sync()
    assert world.shelf.skills == {}


async def test_a_further_version_is_one_of_the_same_skill(world) -> None:
    await world.publish()
    await world.publish("Read it well.")
    second = await world.sync()
    first = await world.sync(1)
    assert (first.version.number, second.version.number) == (1, 2)
    (skill,) = world.shelf.skills.values()
    assert [each.upload.files["SKILL.md"][-6:] for each in skill.versions] == [b"well.\n", b"d it.\n"]
    assert first.synced.there.skill_id == second.synced.there.skill_id


async def test_each_credential_has_a_workspace_of_its_own(world) -> None:
    await world.publish()
    ours, theirs = await world.sync(), await world.sync(tenant="acme")
    assert (ours.uploaded, theirs.uploaded) == (True, True)
    assert ours.synced.there.skill_id != theirs.synced.there.skill_id
    shelf = world.emulator._service.provider._native.shelf("acme-key")
    assert list(shelf.skills) == [theirs.synced.there.skill_id]
    again = await world.sync(tenant="acme")
    assert (again.uploaded, again.synced) == (False, theirs.synced)
    assert {each.tenant for each in await world.services.store.syncs.list()} == {"", "acme"}


@pytest.mark.parametrize(
    ("tenant", "said"),
    [
        ("nobody", "has no credential of its own"),
        ("gone", "credential gone .*NOBODY_HAS_SET_THIS is not set"),
    ],
)
async def test_a_workspace_without_a_key_is_refused_with_what_to_do(world, tenant: str, said: str) -> None:
    await world.publish()
    with pytest.raises(InvalidInput, match=said):
        await world.sync(tenant=tenant)


class Losing:
    """Reaches the provider, but loses the answer of every upload, as a cut connection does."""

    def __init__(self, hosts) -> None:
        self.places = hosts.places
        self._hosts = hosts

    @asynccontextmanager
    async def open(self, upstream: str, tenant: str = ""):
        async with self._hosts.open(upstream, tenant) as host:
            for name in ("create", "add_version"):
                setattr(host, name, self._losing(getattr(host, name)))
            yield host

    @staticmethod
    def _losing(upload):
        async def lost(*args):
            await upload(*args)
            raise ProviderUnavailable("cut off; run the same command again")

        return lost


async def test_an_upload_whose_answer_is_lost_is_gone_on_with_by_the_same_command(world) -> None:
    await world.publish()
    whole, world.services = world.services, replace(world.services, hosts=Losing(world.services.hosts))
    for _ in range(2):
        with pytest.raises(ProviderUnavailable, match="run the same command again"):
            await world.sync()
        assert await world.services.store.syncs.list() == []
    world.services = whole
    done = await world.sync()
    (skill,) = world.shelf.skills.values()  # no second skill of the same name
    assert done.synced.there.skill_id == skill.id
    assert done.synced.there.version_id == skill.versions[-1].id


async def test_a_crash_before_it_is_remembered_is_gone_on_with(world, monkeypatch) -> None:
    await world.publish()
    syncs = world.services.store.syncs

    async def gone(*args, **more):
        raise StoreUnavailable("the store is away")

    with monkeypatch.context() as away:
        away.setattr(syncs, "put", gone)
        with pytest.raises(StoreUnavailable):
            await world.sync()
    assert (await world.sync()).uploaded
    assert len(world.shelf.skills) == 1


@pytest.mark.parametrize("kind", ["cut", "reset"])
async def test_a_provider_that_breaks_off_leaves_nothing_remembered(world, kind) -> None:
    await world.publish()
    world.fault(kind=kind, after_bytes=1)
    with pytest.raises(ProviderUnavailable, match="run the same command again"):
        await world.sync()
    assert await world.services.store.syncs.list() == []
    world.fault()
    assert (await world.sync()).uploaded


async def test_a_slow_provider_is_waited_for(world) -> None:
    await world.publish()
    world.fault(kind="latency", seconds=0.1)
    assert (await world.sync()).uploaded


async def test_another_skill_under_the_same_label_is_left_alone(world) -> None:
    """In the workspace somebody else has labelled another skill like ours."""
    theirs = world.shelf.create(
        Uploaded("harbour", "Of harbours.", {"SKILL.md": b""}), "tide-table", unique=False
    )
    await world.publish()
    done = await world.sync()
    assert done.synced.there.skill_id != theirs.id
    assert len(theirs.versions) == 1
    again = await world.sync()
    assert (again.uploaded, len(world.shelf.skills)) == (False, 2)


async def test_what_was_deleted_at_the_provider_is_uploaded_again(world) -> None:
    await world.publish()
    first = await world.sync()
    world.shelf.skills.clear()
    again = await world.sync()
    assert again.uploaded
    assert again.synced.there.skill_id != first.synced.there.skill_id
    assert await world.services.store.syncs.list() == [again.synced]


async def test_another_dialect_learns_the_other_name_without_an_upload(world) -> None:
    await world.publish()
    first = await world.sync()
    other = "beta" if world.settings.native.dialect == "ga" else "ga"
    turned = World(world.services, world.emulator, other)
    again = await turned.sync()
    assert not again.uploaded
    (skill,) = world.shelf.skills.values()
    assert again.synced.there.version_id == skill.versions[0].id == first.synced.there.version_id
    assert again.synced.there.epoch == skill.versions[0].epoch


async def test_who_and_why_are_in_the_history(world) -> None:
    await world.publish()
    await world.sync()
    event = (await world.services.store.rollouts.events("skills"))[-1]
    assert (event.kind, event.actor, event.reason) == ("synced", "ann", "because")
    assert msgspec.json.decode(event.data)["upstream"] == "default"


async def test_what_cannot_be_synced_is_refused_with_what_to_do(world) -> None:
    with pytest.raises(NotFound, match="skill list"):
        await world.sync()
    await world.publish("hosted", mode="hosted")
    with pytest.raises(InvalidInput, match=r"tidegate\.mode: native"):
        await world.sync(1)
    await world.publish()
    with pytest.raises(NotFound, match="no version 9"):
        await world.sync(9)
    with pytest.raises(InvalidInput, match="no upstream 'nowhere'; configured are: default, chat"):
        await world.sync(2, "nowhere")
    with pytest.raises(InvalidInput, match="kind openai, which has no skills"):
        await world.sync(2, "chat")
    with pytest.raises(InvalidInput, match="reason"):
        await sync_skill(world.services, "tide-table", 2, "default", actor="ann", reason=" ")
    await world.services.store.skills.set_state(
        "tide-table", 2, VersionState.REVOKED, by="ann", reason="r", at=2.0
    )
    with pytest.raises(Conflict, match="revoked"):
        await world.sync(2)
    assert world.shelf.skills == {}


async def test_a_control_plane_without_providers_says_so(services) -> None:
    await services.store.skills.publish(package(), by="ann", reason="r", at=1.0)
    with pytest.raises(InvalidInput, match="not reached from here"):
        await sync_skill(services, "tide-table", None, "default", **WHY)


async def test_a_plan_is_warned_of_native_skills_that_a_provider_does_not_have(world) -> None:
    version = await world.publish()
    ref = SkillRef(version.name, version.number, version.digest)
    plan = Plan(
        name="p",
        unit=Unit.USER,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(skills=(ref,)),
        stages=(Stage(name="full", weight=10_000, bake_seconds=60),),
        gates=Gates(),
    )
    ours, acme, gone = await unsynced(world.services, plan)
    assert ours.endswith("tidegate skill sync tide-table --version 1 --upstream default`")
    assert acme.endswith("--upstream default --tenant acme`")
    assert "workspace of the tenant 'gone'" in gone
    await world.sync()
    await world.sync(tenant="acme")
    assert await unsynced(world.services, plan) == [gone]
    other = msgspec.structs.replace(plan, eligible=Eligible(tenants=("default",)))
    assert await unsynced(world.services, other) == []
