"""Following the store: swap, acknowledge, go stale, switch locally."""

from collections.abc import Sequence

import pytest
from gateway_parts import FakeClock, off, rollout, skill, state, variant

from tidegate.domain.errors import StoreUnavailable
from tidegate.domain.skill import VersionState
from tidegate.ports import Process, RoutingState
from tidegate.serving.routing import Follower, SnapshotHolder
from tidegate.serving.snapshot import RoutingSnapshot, compile_snapshot
from tidegate.serving.variant import VariantCache


class FakeRouting:
    """A store with one state; `away` makes it unreachable."""

    def __init__(self) -> None:
        self.state = state()
        self.away = False
        self.loads = 0
        self.acknowledged: list[Process] = []
        self.left: list[str] = []

    async def revision(self) -> int:
        self._reach()
        return self.state.revision

    async def load(self) -> RoutingState:
        self._reach()
        self.loads += 1
        return self.state

    async def acknowledge(self, process: Process) -> None:
        self._reach()
        self.acknowledged.append(process)

    async def leave(self, process_id: str) -> None:
        self.left.append(process_id)

    async def processes(self) -> Sequence[Process]:
        return self.acknowledged

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailable("the store is away")


class Followed:
    def __init__(self) -> None:
        self.clock, self.routing = FakeClock(), FakeRouting()
        self.holder = SnapshotHolder(self.clock, confirm_seconds=60)
        self.swaps: list[int] = []
        self.follower = Follower(
            self.routing,
            self.holder,
            self.clock,
            "p1",
            on_swap=lambda snapshot: self.swaps.append(snapshot.revision),
        )


@pytest.fixture
def followed() -> Followed:
    return Followed()


async def test_a_new_revision_is_loaded_once_and_acknowledged_at_once(followed: Followed) -> None:
    await followed.follower.step()
    await followed.follower.step()
    assert followed.routing.loads == 1
    assert [process.revision for process in followed.routing.acknowledged] == [1]
    followed.routing.state = state(revision=7)
    await followed.follower.step()
    assert followed.holder.current().revision == 7
    assert [process.revision for process in followed.routing.acknowledged] == [1, 7]
    assert followed.swaps == [1, 7]


async def test_the_heartbeat_goes_on_without_changes(followed: Followed) -> None:
    await followed.follower.step()
    followed.clock.skew = 2.5
    await followed.follower.step()
    assert len(followed.routing.acknowledged) == 2


async def test_without_confirmation_the_snapshot_degrades_and_recovers(followed: Followed) -> None:
    await followed.follower.step()
    followed.routing.away = True
    followed.clock.skew = 59
    with pytest.raises(StoreUnavailable):
        await followed.follower.step()
    assert not followed.holder.current().degraded
    followed.clock.skew = 61
    assert followed.holder.current().degraded
    assert followed.holder.current().keys
    followed.routing.away = False
    await followed.follower.step()
    assert not followed.holder.current().degraded


async def test_a_local_switch_works_with_the_store_away_and_outlives_a_swap(followed: Followed) -> None:
    await followed.follower.step()
    followed.holder.switch_off_local("skill", "contracts")
    assert followed.holder.current().overrides.skills == {"contracts"}
    followed.routing.state = state(revision=2, switches=(off("tenant", "acme"),))
    await followed.follower.step()
    off_now = followed.holder.current().overrides
    assert (off_now.skills, off_now.tenants) == ({"contracts"}, {"acme"})
    followed.holder.switch_on_local("skill", "contracts")
    assert not followed.holder.current().overrides.skills
    followed.holder.switch_off_local("all", "*")
    assert followed.holder.current().overrides.bars("anyone")


async def test_before_the_first_load_nobody_is_known(followed: Followed) -> None:
    assert not followed.holder.loaded
    assert not followed.holder.current().keys


async def test_leaving_is_told(followed: Followed) -> None:
    await followed.follower.leave()
    assert followed.routing.left == ["p1"]


def test_what_did_not_change_is_not_compiled_again() -> None:
    kept, version = VariantCache(), skill("contracts", match=("contract",))
    one = compile_snapshot(state(rollout(variant(version)), versions=[version]), kept)
    two = compile_snapshot(state(rollout(variant(version), stage_since=9.0), versions=[version]), kept)
    assert two.active[0].candidate is one.active[0].candidate


def test_a_pattern_that_does_not_compile_selects_nothing_and_stops_nothing() -> None:
    broken, good = skill("broken", match=("(",)), skill("good", match=("fine",))
    snapshot = compile_snapshot(
        state(rollout(variant(broken, good)), versions=[broken, good]), VariantCache()
    )
    assert snapshot.active[0].candidate.patterns.match("( fine") == {"good": 1}


async def test_a_switch_and_a_revocation_are_obeyed_while_the_rest_is_still_compiled(
    monkeypatch: pytest.MonkeyPatch, followed: Followed
) -> None:
    it = followed
    await it.follower.step()
    seen: list[tuple[bool, bool, int]] = []

    def compiling(newer: RoutingState, variants: VariantCache) -> RoutingSnapshot:
        now = it.holder.current()
        seen.append((now.overrides.everything, ("contracts", 1) in now.revoked, now.revision))
        return compile_snapshot(newer, variants)

    monkeypatch.setattr("tidegate.serving.routing.compile_snapshot", compiling)
    revoked = skill("contracts", state=VersionState.REVOKED)
    it.routing.state = state(revision=2, switches=(off("all"),), versions=[revoked])
    await it.follower.step()
    assert seen == [(True, True, 1)]
    assert it.swaps == [1, 2]
    it.routing.state = state(revision=3)
    await it.follower.step()
    assert not it.holder.current().overrides.everything
