import msgspec

from tidegate.domain.skill import ProviderVersion, SyncedVersion

SYNC = SyncedVersion(
    name="drafting",
    digest="sha256:a",
    upstream="default",
    there=ProviderVersion(skill_id="skill_1", version_id="skver_1"),
    at=7.0,
    by="ann",
)
OTHER = msgspec.structs.replace(SYNC, digest="sha256:b", at=6.0)
ELSEWHERE = msgspec.structs.replace(SYNC, upstream="another", at=9.0)


async def test_syncs_are_kept_by_digest_and_upstream_and_bump_the_revision(store) -> None:
    before = await store.routing.revision()
    revisions = [await store.syncs.put(each, reason="because") for each in (SYNC, OTHER, ELSEWHERE)]
    assert revisions == [before + 1, before + 2, before + 3]
    assert await store.syncs.list() == [ELSEWHERE, OTHER, SYNC]
    assert (await store.routing.load()).synced == (ELSEWHERE, OTHER, SYNC)


async def test_a_tenants_workspace_is_a_place_of_its_own(store) -> None:
    theirs = msgspec.structs.replace(SYNC, tenant="acme", there=ProviderVersion(skill_id="skill_9"))
    for each in (theirs, SYNC):
        await store.syncs.put(each, reason="because")
    assert await store.syncs.list() == [SYNC, theirs]
    _, event = reversed(await store.rollouts.events("skills"))
    assert msgspec.json.decode(event.data)["tenant"] == "acme"


async def test_the_same_digest_again_takes_the_place_of_what_was_known(store) -> None:
    await store.syncs.put(SYNC, reason="because")
    there = ProviderVersion(skill_id="skill_2", version_id="skver_2", epoch="17")
    again = msgspec.structs.replace(SYNC, there=there, at=8.0, by="bob")
    await store.syncs.put(again, reason="it was deleted there")
    assert await store.syncs.list() == [again]


async def test_a_sync_is_an_event_among_the_skills_with_who_and_why(store) -> None:
    await store.syncs.put(SYNC, reason="because")
    (event,) = await store.rollouts.events("skills")
    assert (event.actor, event.kind, event.reason, event.at) == ("ann", "synced", "because", 7.0)
    assert msgspec.json.decode(event.data) == {
        "name": "drafting",
        "digest": "sha256:a",
        "upstream": "default",
        "skill_id": "skill_1",
        "version_id": "skver_1",
        "epoch": "",
    }
