import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from sqlalchemy import select

from tidegate.adapters.storage.outbox import KEPT_SECONDS
from tidegate.adapters.storage.schema import NOTICE
from tidegate.domain.chain import verify
from tidegate.domain.errors import Conflict
from tidegate.domain.rollout import (
    Eligible,
    Gates,
    Phase,
    Plan,
    Rollout,
    SkillRef,
    Stage,
    Unit,
    Variant,
)
from tidegate.domain.skill import Manifest, SkillPackage, VersionState
from tidegate.ports import NewEvent, Notice


def _rollout(name: str = "drafts", **changes: object) -> Rollout:
    plan = Plan(
        name=name,
        unit=Unit.USER,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(skills=(SkillRef("drafting", 1, "sha256:a"),)),
        stages=(Stage(name="canary", weight=500, bake_seconds=60.0),),
        gates=Gates(),
    )
    rollout = Rollout(
        name=name, plan=plan, phase=Phase.PROGRESSING, salt="ab" * 16, created_at=1.0, created_by="ann"
    )
    return msgspec.structs.replace(rollout, **changes)


def _event(name: str = "drafts", kind: str = "start") -> NewEvent:
    data = msgspec.Raw(b'{"weight": 5.0,  "verdicts": [0.1]}')
    return NewEvent(stream=f"rollout:{name}", at=2.5, actor="ann", kind=kind, reason="go", data=data)


def _notice(number: int) -> Notice:
    return Notice(
        id=f"n{number}", kind="paused", subject="drafts", data=msgspec.Raw(b'{"a": 1}'), at=float(number)
    )


async def test_a_commit_writes_state_event_notices_and_a_new_revision(store) -> None:
    before = await store.routing.revision()
    after, revision = await store.rollouts.commit(_rollout(), _event(), [_notice(1)])
    assert after == _rollout(version=1)
    assert revision == before + 1 == await store.routing.revision()
    assert await store.rollouts.get("drafts") == after
    assert await store.rollouts.list() == [after]
    (event,) = await store.rollouts.events("rollout:drafts")
    assert (event.seq, bytes(event.data)) == (1, bytes(_event().data))
    assert await store.outbox.pending(10) == [_notice(1)]


async def test_what_is_withdrawn_is_judged_beside_the_rollouts_of_that_instant(store) -> None:
    package = SkillPackage(
        manifest=Manifest(name="drafting", description="d"), body="", files=(), archive=b"", digest="sha256:a"
    )
    await store.skills.publish(package, by="ann", reason="r", at=1.0)
    started, _ = await store.rollouts.commit(_rollout(), _event())
    seen: list[Sequence[Rollout]] = []

    def refuse(rollouts: Sequence[Rollout]) -> None:
        seen.append(rollouts)
        raise Conflict("one serves it")

    with pytest.raises(Conflict, match="one serves it"):
        await store.skills.withdraw("drafting", [1], by="ann", reason="r", at=2.0, admit=refuse)
    assert seen == [[started]]
    assert (await store.skills.get("drafting", 1)).state is VersionState.PUBLISHED


async def test_an_unknown_rollout_is_none(store) -> None:
    assert await store.rollouts.get("drafts") is None
    assert await store.rollouts.events("rollout:drafts") == []
    assert await store.rollouts.head("rollout:drafts") is None


async def test_a_commit_against_an_old_version_changes_nothing(store) -> None:
    first, _ = await store.rollouts.commit(_rollout(), _event())
    second, revision = await store.rollouts.commit(
        msgspec.structs.replace(first, phase=Phase.PAUSED), _event(kind="pause")
    )
    with pytest.raises(Conflict, match="changed by somebody else"):
        await store.rollouts.commit(first, _event(kind="abort"), [_notice(1)])
    assert await store.rollouts.get("drafts") == second
    assert len(await store.rollouts.events("rollout:drafts")) == 2
    assert await store.outbox.pending(10) == []
    assert await store.routing.revision() == revision


async def test_a_name_is_used_once(store) -> None:
    await store.rollouts.commit(_rollout(), _event())
    with pytest.raises(Conflict, match="exists already"):
        await store.rollouts.commit(_rollout(), _event())


async def test_of_processes_that_commit_the_same_version_exactly_one_wins(open_another) -> None:
    stores = [await open_another() for _ in range(4)]
    current, _ = await stores[0].rollouts.commit(_rollout(), _event())
    for attempt in range(5):
        results = await asyncio.gather(
            *(store.rollouts.commit(current, _event(kind=f"by-{n}")) for n, store in enumerate(stores)),
            return_exceptions=True,
        )
        won = [result for result in results if isinstance(result, tuple)]
        assert len(won) == 1
        assert all(isinstance(result, Conflict) for result in results if result is not won[0])
        current = won[0][0]
        assert current.version == attempt + 2
    events = await stores[0].rollouts.events("rollout:drafts")
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert verify(events, await stores[1].rollouts.head("rollout:drafts")) is None


async def test_a_lease_has_one_holder_until_it_ends(open_another) -> None:
    one, two = (await open_another()).rollouts, (await open_another()).rollouts
    first = await one.take_lease("one", now=100.0, seconds=10.0)
    assert (first.token, first.until) == (1, 110.0)
    assert await two.take_lease("two", now=109.0, seconds=10.0) is None
    assert (await one.take_lease("one", now=109.0, seconds=10.0)).token == 1
    taken = await two.take_lease("two", now=119.0, seconds=10.0)
    assert (taken.holder, taken.token) == ("two", 2)
    assert await one.take_lease("one", now=119.5, seconds=10.0) is None
    await one.release_lease("one")
    assert await one.take_lease("one", now=119.5, seconds=10.0) is None
    await two.release_lease("two")
    assert (await one.take_lease("one", now=119.5, seconds=10.0)).token == 3


async def test_of_processes_that_reach_for_the_lease_one_gets_it(open_another) -> None:
    stores = [await open_another() for _ in range(4)]
    taken = await asyncio.gather(
        *(store.rollouts.take_lease(f"p{n}", now=1.0, seconds=9.0) for n, store in enumerate(stores))
    )
    assert sum(lease is not None for lease in taken) == 1


async def test_who_lost_the_lease_cannot_commit(store) -> None:
    old = await store.rollouts.take_lease("one", now=100.0, seconds=10.0)
    current, _ = await store.rollouts.commit(_rollout(), _event(), lease=old)
    new = await store.rollouts.take_lease("two", now=111.0, seconds=10.0)
    with pytest.raises(Conflict, match="no longer leads"):
        await store.rollouts.commit(current, _event(kind="advance"), lease=old)
    assert (await store.rollouts.commit(current, _event(kind="advance"), lease=new))[0].version == 2


async def test_a_state_names_the_versions_of_every_rollout_even_revoked_ones(store) -> None:
    manifest = Manifest(name="drafting", description="Drafts.")
    package = SkillPackage(manifest=manifest, body="Do.", files=(), archive=b"z", digest="sha256:a")
    await store.skills.publish(package, by="ann", reason="new", at=1.0)
    await store.skills.set_state("drafting", 1, VersionState.REVOKED, by="ann", reason="bad", at=2.0)
    assert (await store.routing.load()).versions == ()
    await store.rollouts.commit(_rollout(), _event())
    state = await store.routing.load()
    assert [(version.number, version.state) for version in state.versions] == [(1, VersionState.REVOKED)]
    assert state.rollouts == (_rollout(version=1),)


async def test_a_notice_without_a_commit_is_put_once_and_known_while_it_is_kept(store) -> None:
    await store.outbox.put([])
    await store.outbox.put([_notice(1), _notice(2)])
    await store.outbox.put([msgspec.structs.replace(_notice(1), subject="another"), _notice(3)])
    assert await store.outbox.pending(10) == [_notice(1), _notice(2), _notice(3)]
    assert (await store.outbox.has("n1"), await store.outbox.has("n9")) == (True, False)
    await store.outbox.delivered("n1", 9.0)
    await store.outbox.put([_notice(1)])
    assert await store.outbox.pending(10) == [_notice(2), _notice(3)]
    assert await store.outbox.has("n1")


async def test_notices_wait_oldest_first_until_they_are_delivered(store) -> None:
    await store.rollouts.commit(_rollout(), _event(), [_notice(3), _notice(1), _notice(2)])
    assert await store.outbox.pending(2) == [_notice(1), _notice(2)]
    await store.outbox.delivered("n1", 9.0)
    await store.outbox.delivered("n1", 10.0)
    assert await store.outbox.pending(10) == [_notice(2), _notice(3)]


async def test_a_delivered_notice_is_kept_for_a_week(store) -> None:
    async def kept() -> list[str]:
        async with store._database.read() as connection:
            return list((await connection.execute(select(NOTICE.c.id).order_by(NOTICE.c.id))).scalars())

    await store.rollouts.commit(_rollout(), _event(), [_notice(1), _notice(2), _notice(3)])
    await store.outbox.delivered("n1", 9.0)
    await store.outbox.delivered("n2", 9.0 + KEPT_SECONDS)
    assert await kept() == ["n1", "n2", "n3"]
    await store.outbox.delivered("n3", 9.1 + KEPT_SECONDS)
    assert await kept() == ["n2", "n3"]


async def test_a_commit_that_routes_nothing_leaves_the_revision_as_it_is(store) -> None:
    first, revision = await store.rollouts.commit(_rollout(), _event())
    second, same = await store.rollouts.commit(first, _event(kind="hold"), routed=False)
    assert (second.version, same) == (2, revision)
    assert await store.routing.revision() == revision
    assert [event.kind for event in await store.rollouts.events("rollout:drafts")] == ["start", "hold"]


async def test_what_is_not_admitted_beside_the_others_is_not_written(store) -> None:
    first, revision = await store.rollouts.commit(_rollout("first"), _event("first"))

    def alone(others) -> None:
        assert others == [first]
        raise Conflict("not beside that one")

    with pytest.raises(Conflict, match="not beside"):
        await store.rollouts.commit(_rollout("second"), _event("second"), [_notice(1)], admit=alone)
    assert await store.rollouts.list() == [first]
    assert await store.rollouts.events("rollout:second") == []
    assert (await store.routing.revision(), await store.outbox.pending(10)) == (revision, [])


async def test_the_newest_events_are_read_backwards_a_page_at_a_time(store) -> None:
    rollout = _rollout()
    for kind in ("start", "hold", "pause", "resume"):
        rollout, _ = await store.rollouts.commit(rollout, _event(kind=kind))
    page = await store.rollouts.newest_events("rollout:drafts", limit=3)
    assert [event.kind for event in page] == ["resume", "pause", "hold"]
    rest = await store.rollouts.newest_events("rollout:drafts", limit=3, before=page[-1].seq)
    assert [(event.seq, event.kind) for event in rest] == [(1, "start")]
    assert await store.rollouts.newest_events("rollout:nobody", limit=3) == []
