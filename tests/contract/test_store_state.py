import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from sqlalchemy import text

from tidegate.adapters.storage import skills as stored_skills
from tidegate.adapters.storage.routing import GONE_AFTER_SECONDS
from tidegate.domain.access import KeyRecord, Priority, Role, Switch
from tidegate.domain.chain import verify
from tidegate.domain.errors import Conflict, NotFound
from tidegate.domain.quota import Amounts, Scope
from tidegate.domain.rollout import Rollout
from tidegate.domain.skill import FileEntry, Manifest, SkillPackage, VersionState
from tidegate.ports import Process

WHY = {"by": "ann", "reason": "because"}


def _key(name: str = "one", **changes: object) -> KeyRecord:
    fields = {
        "id": f"key_{name}",
        "name": name,
        "role": Role.CLIENT,
        "tenant": "acme",
        "secret_hash": f"h{name}",
    }
    return KeyRecord(**(fields | {"created_at": 5.0} | changes))


def _switch(scope: str = "skill", target: str = "drafting", by: str = "ann") -> Switch:
    return Switch(scope=scope, target=target, by=by, reason="it misbehaves", at=7.0)


def _package(name: str = "drafting", digest: str = "sha256:a", archive: bytes = b"zip\0") -> SkillPackage:
    manifest = Manifest(name=name, description="Drafts documents.", keywords=("draft",))
    return SkillPackage(manifest=manifest, body="Do this.", files=(), archive=archive, digest=digest)


async def _head_and_events(store, stream: str):
    return await store.rollouts.head(stream), await store.rollouts.events(stream)


# ---- keys -----------------------------------------------------------------------------------------------


async def test_a_key_is_kept_bound_and_revoked_for_ever(store) -> None:
    first = await store.keys.add(_key(), **WHY)
    second = await store.keys.revoke("key_one", **WHY, at=9.0)
    assert await store.keys.list() == [_key(revoked_at=9.0)]
    assert second == first + 1 == await store.routing.revision()


@pytest.mark.parametrize("again", [_key(secret_hash="other"), _key("two", secret_hash="hone")])
async def test_an_id_or_secret_is_used_once(store, again: KeyRecord) -> None:
    revision = await store.keys.add(_key(), **WHY)
    with pytest.raises(Conflict, match="exists already"):
        await store.keys.add(again, **WHY)
    assert await store.routing.revision() == revision
    assert len(await store.rollouts.events("keys")) == 1


async def test_an_unknown_or_revoked_key_cannot_be_revoked(store) -> None:
    with pytest.raises(NotFound, match="key_one"):
        await store.keys.revoke("key_one", **WHY, at=9.0)
    await store.keys.add(_key(), **WHY)
    await store.keys.revoke("key_one", **WHY, at=9.0)
    with pytest.raises(Conflict, match="revoked already"):
        await store.keys.revoke("key_one", **WHY, at=10.0)


async def test_no_secret_is_in_the_events(store) -> None:
    await store.keys.add(_key(), **WHY)
    (event,) = await store.rollouts.events("keys")
    assert msgspec.json.decode(event.data) == {
        "id": "key_one",
        "name": "one",
        "role": "client",
        "tenant": "acme",
    }
    assert (event.actor, event.reason, event.kind, event.at) == ("ann", "because", "created", 5.0)


async def test_a_rotated_key_keeps_its_old_secret_for_a_while(store) -> None:
    await store.keys.add(_key(expires_at=99.0), **WHY)
    revision = await store.keys.rotate("key_one", "hnew", until=20.0, **WHY, at=9.0)
    rotated = _key(secret_hash="hnew", previous_hash="hone", previous_until=20.0, expires_at=99.0)
    assert await store.keys.list() == [rotated]
    assert (await store.routing.load()).revision == revision
    events = await store.rollouts.events("keys")
    assert [event.kind for event in events] == ["created", "rotated"]
    assert all("hnew" not in str(event) for event in events)
    with pytest.raises(NotFound):
        await store.keys.rotate("key_two", "h2", until=20.0, **WHY, at=9.0)
    await store.keys.revoke("key_one", **WHY, at=10.0)
    with pytest.raises(Conflict):
        await store.keys.rotate("key_one", "h3", until=20.0, **WHY, at=11.0)


async def test_a_key_is_found_by_the_hash_of_its_secret_and_of_the_one_before(store) -> None:
    for number in range(3):
        await store.keys.add(_key(f"k{number}"), **WHY)
    await store.keys.rotate("key_k1", "hnew", until=20.0, **WHY, at=9.0)
    await store.keys.revoke("key_k2", **WHY, at=10.0)
    keys = {key.id: key for key in await store.keys.list()}
    found = [await store.keys.find(hashed) for hashed in ("hk0", "hnew", "hk1", "hk2")]
    assert found == [keys["key_k0"], keys["key_k1"], keys["key_k1"], keys["key_k2"]]
    assert [await store.keys.find(hashed) for hashed in ("", "h", "h%", "none")] == [None] * 4


async def test_a_keys_priority_is_kept_and_changed(store) -> None:
    await store.keys.add(_key(priority=Priority.LOW), **WHY)
    await store.keys.prioritise("key_one", Priority.HIGH, **WHY, at=6.0)
    assert (await store.routing.load()).keys == (_key(priority=Priority.HIGH),)
    with pytest.raises(NotFound):
        await store.keys.prioritise("key_two", Priority.HIGH, **WHY, at=6.0)
    await store.keys.revoke("key_one", **WHY, at=9.0)
    with pytest.raises(Conflict):
        await store.keys.prioritise("key_one", Priority.LOW, **WHY, at=10.0)


# ---- quotas ---------------------------------------------------------------------------------------------


async def test_a_quota_keeps_what_a_change_does_not_name(store) -> None:
    await store.quotas.set(Scope.TENANT, "acme", Amounts(requests_per_minute=60), **WHY, at=5.0)
    more = Amounts(usd_per_day=0.1, tokens_per_minute=0)
    quota, revision = await store.quotas.set(Scope.TENANT, "acme", more, **WHY, at=6.0)
    assert quota.amounts == Amounts(requests_per_minute=60, tokens_per_minute=0, usd_per_day=0.1)
    state = await store.routing.load()
    assert (state.quotas, state.revision) == ((quota,), revision)
    assert await store.quotas.list() == [quota]
    assert await store.quotas.clear(Scope.TENANT, "acme", **WHY, at=7.0) == revision + 1
    assert (await store.routing.load()).quotas == ()
    with pytest.raises(NotFound):
        await store.quotas.clear(Scope.TENANT, "acme", **WHY, at=8.0)
    _, events = await _head_and_events(store, "quota")
    assert [event.kind for event in events] == ["set", "set", "cleared"]


async def test_a_quota_of_an_unknown_key_is_refused_and_one_of_a_new_key_comes_with_it(store) -> None:
    with pytest.raises(NotFound, match="key_one"):
        await store.quotas.set(Scope.KEY, "key_one", Amounts(usd_per_day=1.0), **WHY, at=5.0)
    before = await store.routing.revision()
    await store.keys.add(_key(), **WHY, amounts=Amounts(usd_per_day=1.0))
    (quota,) = await store.quotas.list()
    assert (quota.scope, quota.target, quota.amounts.usd_per_day) == (Scope.KEY, "key_one", 1.0)
    assert await store.routing.revision() > before


# ---- switches -------------------------------------------------------------------------------------------


async def test_a_switch_is_off_until_it_is_on_again(store) -> None:
    first = await store.switches.off(_switch())
    assert await store.switches.list() == [_switch()]
    second = await store.switches.on("skill", "drafting", **WHY, at=9.0)
    assert await store.switches.list() == []
    assert second == first + 1
    assert [event.kind for event in await store.rollouts.events("switch")] == ["off", "on"]


async def test_switching_off_twice_keeps_one_switch_and_both_events(store) -> None:
    await store.switches.off(_switch())
    await store.switches.off(_switch(by="bob"))
    assert await store.switches.list() == [_switch(by="bob")]
    assert [event.actor for event in await store.rollouts.events("switch")] == ["ann", "bob"]


async def test_what_is_not_off_cannot_be_switched_on(store) -> None:
    await store.switches.off(_switch())
    revision = await store.routing.revision()
    with pytest.raises(NotFound, match="tenant 'acme'"):
        await store.switches.on("tenant", "acme", **WHY, at=9.0)
    assert await store.routing.revision() == revision


async def test_the_latest_use_of_a_key_is_kept_without_a_revision(store) -> None:
    await store.keys.add(_key(), **WHY)
    revision = await store.routing.revision()
    events = len(await store.rollouts.events("keys"))
    for at in (900.0, 1_800.0, 900.0):
        await store.keys.used(_key().id, at)
    await store.keys.used("key_unknown", 900.0)
    (kept,) = await store.keys.list()
    assert kept.last_used_at == 1_800.0
    assert await store.routing.revision() == revision
    assert len(await store.rollouts.events("keys")) == events


# ---- skills ---------------------------------------------------------------------------------------------


async def test_versions_are_numbered_and_the_same_bytes_are_the_same_version(store) -> None:
    first, new = await store.skills.publish(_package(), **WHY, at=1.0)
    second, _ = await store.skills.publish(_package(digest="sha256:b"), **WHY, at=2.0)
    revision = await store.routing.revision()
    again, new_again = await store.skills.publish(_package(), **WHY, at=3.0)
    assert (first.number, second.number, new, new_again) == (1, 2, True, False)
    assert again == first
    assert await store.routing.revision() == revision
    assert await store.skills.list() == [first, second]
    assert await store.skills.archive("sha256:a") == b"zip\0"
    assert await store.skills.archive("sha256:unknown") is None


async def test_a_list_for_show_has_all_but_the_texts_which_stay_in_the_database(store, monkeypatch) -> None:
    entry = FileEntry(path="references/a b.md", size=3, sha256="e" * 64)
    for number, name in enumerate(("zoning", "drafting", "drafting")):
        odd = msgspec.structs.replace(
            _package(name, f"sha256:{number}"), body="Do \\u0000 this.", files=(entry,)
        )
        await store.skills.publish(odd, by="ann \u00e9", reason="r", at=1e9 + 0.123)
    await store.skills.set_state("drafting", 1, VersionState.REVOKED, **WHY, at=2e9)
    read: list[str] = []
    taken = stored_skills._to_listed
    monkeypatch.setattr(stored_skills, "_to_listed", lambda *row: read.append(row[0]) or taken(*row))
    whole = [
        {name: value for name, value in msgspec.structs.asdict(each).items() if name != "body"}
        for each in await store.skills.list()
    ]
    assert [msgspec.structs.asdict(each) for each in await store.skills.listed()] == whole
    assert [each.number for each in await store.skills.listed("drafting")] == [1, 2]
    assert await store.skills.listed("none") == []
    assert len(read) == 5
    assert not any("this." in body for body in read)


async def _first(store, digest: str) -> tuple[int, bool] | str:
    package = _package(digest=digest)
    try:
        version, created = await store.skills.publish(package, by=digest, reason="r", at=1.0, first=True)
    except Conflict as refused:
        return str(refused)
    return version.number, created


async def test_of_first_creators_at_once_one_creates_the_skill(open_another) -> None:
    stores = [await open_another() for _ in range(3)]
    store = stores[0]
    digests = [f"sha256:{number % 4}" for number in range(12)]
    told = await asyncio.gather(
        *(_first(stores[number % 3], digest) for number, digest in enumerate(digests))
    )
    (kept,) = await store.skills.list()
    assert (kept.number, told.count((1, True))) == (1, 1)
    for digest, each in zip(digests, told, strict=True):
        if digest == kept.digest:
            assert each in ((1, True), (1, False))
        else:
            assert each.startswith(f"the skill {kept.name} was created meanwhile, by {kept.digest}")
    assert len(await store.rollouts.events("skills")) == 1


async def test_the_name_of_a_skill_that_was_revoked_is_free(store) -> None:
    await _first(store, "sha256:a")
    (kept,) = await store.skills.list()
    await store.skills.set_state(kept.name, 1, VersionState.REVOKED, **WHY, at=2.0)
    assert await _first(store, "sha256:b") == (2, True)


async def test_the_latest_is_the_highest_published_else_the_highest_deprecated(store) -> None:
    for digest in "abc":
        await store.skills.publish(_package(digest=digest), **WHY, at=1.0)
    assert (await store.skills.get("drafting")).number == 3
    await store.skills.set_state("drafting", 3, VersionState.DEPRECATED, **WHY, at=2.0)
    assert (await store.skills.get("drafting")).number == 2
    await store.skills.set_state("drafting", 2, VersionState.REVOKED, **WHY, at=2.0)
    await store.skills.set_state("drafting", 1, VersionState.REVOKED, **WHY, at=2.0)
    assert (await store.skills.get("drafting")).number == 3
    await store.skills.set_state("drafting", 3, VersionState.REVOKED, **WHY, at=2.0)
    assert await store.skills.get("drafting") is None
    assert (await store.skills.get("drafting", 2)).state is VersionState.REVOKED
    assert await store.skills.get("unknown") is None


async def test_a_revoked_version_never_comes_back(store) -> None:
    await store.skills.publish(_package(), **WHY, at=1.0)
    await store.skills.set_state("drafting", 1, VersionState.REVOKED, **WHY, at=2.0)
    with pytest.raises(Conflict, match="is revoked and cannot become published"):
        await store.skills.set_state("drafting", 1, VersionState.PUBLISHED, **WHY, at=3.0)
    with pytest.raises(NotFound, match="no version 2"):
        await store.skills.set_state("drafting", 2, VersionState.REVOKED, **WHY, at=3.0)


async def _three_versions(store) -> None:
    for digest in "abc":
        await store.skills.publish(_package(digest=digest), **WHY, at=1.0)


def _admitted(rollouts: Sequence[Rollout]) -> None:
    """Nothing stands against it."""


async def test_versions_are_withdrawn_together_each_with_its_event(store) -> None:
    await _three_versions(store)
    revision = await store.skills.withdraw("drafting", [3, 1], **WHY, at=2.0, admit=_admitted)
    assert revision == await store.routing.revision()
    states = [(each.number, each.state) for each in await store.skills.list("drafting")]
    gone, kept = VersionState.REVOKED, VersionState.PUBLISHED
    assert states == [(1, gone), (2, kept), (3, gone)]
    events = (await store.rollouts.events("skills"))[3:]
    assert [(each.kind, msgspec.json.decode(each.data)["number"]) for each in events] == [
        ("revoked", 3),
        ("revoked", 1),
    ]


@pytest.mark.parametrize(
    ("numbers", "raised", "told"),
    [([1, 2, 9], NotFound, "no version 9"), ([1, 3], Conflict, "3 of skill 'drafting' is revoked")],
)
async def test_none_is_withdrawn_where_one_cannot_be(store, numbers, raised, told) -> None:
    await _three_versions(store)
    await store.skills.set_state("drafting", 3, VersionState.REVOKED, **WHY, at=2.0)
    before = (
        await store.skills.list(),
        await store.rollouts.events("skills"),
        await store.routing.revision(),
    )
    with pytest.raises(raised, match=told):
        await store.skills.withdraw("drafting", numbers, **WHY, at=3.0, admit=_admitted)
    assert before == (
        await store.skills.list(),
        await store.rollouts.events("skills"),
        await store.routing.revision(),
    )


async def test_of_two_that_withdraw_at_once_one_does(store) -> None:
    await _three_versions(store)
    told = await asyncio.gather(
        *(store.skills.withdraw("drafting", [1, 2, 3], **WHY, at=2.0, admit=_admitted) for _ in range(2)),
        return_exceptions=True,
    )
    assert [type(each) for each in sorted(told, key=lambda each: isinstance(each, Conflict))] == [
        int,
        Conflict,
    ]
    assert len(await store.rollouts.events("skills")) == 6


# ---- routing --------------------------------------------------------------------------------------------


async def test_a_load_is_what_was_written_at_its_revision(store) -> None:
    await store.keys.add(_key(), **WHY)
    await store.switches.off(_switch())
    kept, _ = await store.skills.publish(_package(), **WHY, at=2.0)
    older, _ = await store.skills.publish(_package("analysis", "sha256:c"), **WHY, at=1.0)
    await store.skills.publish(_package(digest="sha256:b"), **WHY, at=3.0)
    await store.skills.set_state("drafting", 2, VersionState.REVOKED, **WHY, at=4.0)

    state = await store.routing.load()

    assert state.revision == await store.routing.revision()
    assert (state.keys, state.switches, state.versions) == ((_key(),), (_switch(),), (older, kept))


async def test_processes_are_listed_until_they_leave_or_fall_silent(store, clock) -> None:
    one = Process(id="one", started_at=1.0, seen_at=clock.time, revision=3)
    two = Process(id="two", started_at=2.0, seen_at=clock.time, revision=3)
    three = Process(id="three", started_at=3.0, seen_at=clock.time - GONE_AFTER_SECONDS - 1, revision=3)
    before = await store.routing.revision()
    for process in (one, two, three, msgspec.structs.replace(one, revision=4)):
        await store.routing.acknowledge(process)
    assert await store.routing.processes() == [msgspec.structs.replace(one, revision=4), two]
    await store.routing.leave("one")
    assert await store.routing.processes() == [two]
    assert await store.routing.revision() == before


# ---- the chain ------------------------------------------------------------------------------------------

TAMPER = {
    "a changed reason": ("UPDATE event SET reason = 'nothing' WHERE seq = 2", 2),
    "a changed actor": ("UPDATE event SET actor = 'eve' WHERE seq = 1", 1),
    "changed data": ("UPDATE event SET data = '{}' WHERE seq = 3", 3),
    "a changed time": ("UPDATE event SET at = 6.5 WHERE seq = 2", 2),
    "a removed event": ("DELETE FROM event WHERE seq = 2", 2),
    "a removed end": ("DELETE FROM event WHERE seq = 3", 3),
    "all removed": ("DELETE FROM event", 1),
    "an added event": (
        "INSERT INTO event SELECT stream, 4, at, actor, kind, reason, data, hash, 'ff' FROM event"
        " WHERE seq = 3",
        4,
    ),
    "a moved event": ("UPDATE event SET seq = 9 WHERE seq = 3", 3),
}


@pytest.mark.parametrize("how", TAMPER)
async def test_tampering_with_the_events_is_found(store, how: str) -> None:
    for name in ("one", "two", "three"):
        await store.keys.add(_key(name), **WHY)
    head, events = await _head_and_events(store, "keys")
    assert verify(events, head) is None

    statement, broken = TAMPER[how]
    async with store._database.write() as connection:
        await connection.execute(text(statement))

    head, events = await _head_and_events(store, "keys")
    assert verify(events, head) == broken


async def test_a_clearing_is_known_by_its_revision_and_has_an_event(store) -> None:
    first = await store.clearings.clear("acme", by="ada", reason="wrong", at=1.0)
    second = await store.clearings.clear("*", by="ada", reason="all wrong", at=2.0)
    third = await store.clearings.clear("acme", by="ada", reason="again", at=3.0)
    assert first < second < third == await store.routing.revision()
    assert dict((await store.routing.load()).cleared) == {"*": second, "acme": third}
    assert [event.reason for event in await store.rollouts.events("cache")] == ["wrong", "all wrong", "again"]


async def test_what_is_written_to_a_trial_is_refused_as_ever_and_not_kept(store) -> None:
    tried = store.trial()
    switch = Switch(scope="all", target="*", by="ada", reason="test", at=1.0)
    before = await store.routing.revision()
    assert await tried.switches.off(switch) == before + 1
    assert await tried.switches.list() == await store.switches.list() == []
    assert await store.routing.revision() == before
    assert await store.switches.off(switch) == before + 1
    assert len(await tried.switches.list()) == 1
    with pytest.raises(NotFound):
        await tried.keys.revoke("key_none", by="ada", reason="test", at=1.0)
