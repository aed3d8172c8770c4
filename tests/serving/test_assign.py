"""Assignment: who is on which side, what is served there, and what switches and staleness take away."""

from collections.abc import Sequence

import pytest
from gateway_parts import off, rollout, skill, state, variant
from msgspec.structs import replace

from tidegate.domain.assignment import bucket
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import After, Eligible, Phase, Rollout, Stage, Unit, Variant
from tidegate.domain.skill import SkillVersion, VersionState
from tidegate.serving.assign import Asker, Assignment, assign, switched_off
from tidegate.serving.identity import Identities
from tidegate.serving.pins import Pins
from tidegate.serving.snapshot import RoutingSnapshot, compile_snapshot
from tidegate.serving.variant import VariantCache

CONTRACTS = skill("contracts", match=("(?i)contract",))
OLD = skill("contracts", 2, match=("(?i)contract",))
LETTERS = skill("letters", match=("(?i)letter",))
NOW = 1_000_000.0
QUARTERS = (
    Stage(name="canary", weight=2500, bake_seconds=1),
    Stage(name="half", weight=5000, bake_seconds=1),
    Stage(name="full", weight=10_000, bake_seconds=1, holdout=500),
)


def snapshot(
    *rollouts: Rollout, versions: Sequence[SkillVersion] = (CONTRACTS, OLD, LETTERS), **more: object
) -> RoutingSnapshot:
    return compile_snapshot(state(*rollouts, versions=versions, **more), VariantCache())


def asker(
    text: str = "my contract", *, unit: str = "u", task: str = "", tenant: str = "default", **more: object
) -> Asker:
    identity = Identities(b"s", ("header",)).identify(
        tenant=tenant,
        key_id="k",
        user_id=None,
        unit=unit,
        conversation=more.pop("talk", None),
        task=task,
        opening=text,
    )
    said = {"exchange_id": "tgx_1", "named": (), "texts": [text], "in_progress": False, "now": NOW}
    return Asker(tenant=tenant, identity=identity, **{**said, **more})


def pins() -> Pins:
    return Pins(at_most=100, seconds=3600)


def served(assignment: Assignment) -> list[tuple[str, int]]:
    return [(use.name, use.version) for use in assignment.skills]


def units(low: int, high: int, salt: str = "00" * 16) -> str:
    """A unit whose bucket is in [low, high)."""
    return next(f"u{i}" for i in range(10**6) if low <= bucket(salt, "default", f"u{i}") < high)


def test_without_a_rollout_everything_is_as_it_was() -> None:
    got = assign(snapshot(), asker(), pins())
    assert (got.rollout, got.arm, got.triggered, got.changed) == (None, Arm.OUTSIDE, False, False)


def test_candidate_gets_the_skill_and_control_the_baseline_and_both_are_triggered() -> None:
    routing = snapshot(rollout(variant(CONTRACTS), baseline=variant(OLD), stages=QUARTERS))
    low = assign(routing, asker(unit=units(0, 2500)), pins())
    high = assign(routing, asker(unit=units(2500, 10_000)), pins())
    assert (low.arm, served(low), low.triggered) == (Arm.CANDIDATE, [("contracts", 1)], True)
    assert (high.arm, served(high), high.triggered) == (Arm.CONTROL, [("contracts", 2)], True)


def test_who_met_an_earlier_revision_is_served_the_new_one_and_counts_no_more() -> None:
    revised = replace(rollout(variant(CONTRACTS), baseline=variant(OLD), stages=QUARTERS), exposed=500)
    routing = snapshot(revised)
    met = assign(routing, asker(unit=units(0, 500)), pins())
    fresh = assign(routing, asker(unit=units(500, 2500)), pins())
    control = assign(routing, asker(unit=units(2500, 10_000)), pins())
    assert (met.arm, served(met), met.counted) == (Arm.CANDIDATE, [("contracts", 1)], False)
    assert (fresh.arm, served(fresh), fresh.counted) == (Arm.CANDIDATE, [("contracts", 1)], True)
    assert (control.arm, control.counted) == (Arm.CONTROL, True)


def test_a_request_that_no_skill_is_for_is_in_its_arm_but_not_triggered() -> None:
    got = assign(snapshot(rollout(variant(CONTRACTS))), asker("hello"), pins())
    assert (got.arm, got.triggered, got.changed) == (Arm.CANDIDATE, False, False)


def test_a_candidate_without_skills_always_triggers() -> None:
    got = assign(snapshot(rollout(Variant(model="claude-haiku-4-5"))), asker("hello"), pins())
    assert (got.triggered, got.model) == (True, "claude-haiku-4-5")


def test_the_first_triggered_rollout_governs_and_else_the_oldest() -> None:
    letters = rollout(variant(LETTERS), name="letters", created_at=1.0)
    contracts = rollout(variant(CONTRACTS), name="contracts", created_at=2.0)
    routing = snapshot(contracts, letters)
    governing = [
        assign(routing, asker(text), pins()).rollout for text in ("a contract", "letter, contract", "hi")
    ]
    assert [each.name for each in governing if each] == ["contracts", "letters", "letters"]


@pytest.mark.parametrize(
    ("eligible", "covered"),
    [
        (Eligible(tenants=("acme",)), False),
        (Eligible(tenants=("default", "acme")), True),
        (Eligible(tasks=("review",)), True),
        (Eligible(tasks=("draft",)), False),
    ],
)
def test_only_eligible_requests_are_in_a_rollout(eligible: Eligible, covered: bool) -> None:
    got = assign(snapshot(rollout(variant(CONTRACTS), eligible=eligible)), asker(task="review"), pins())
    assert (got.rollout is not None) is covered


@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.PAUSED, Phase.AWAITING_APPROVAL])
def test_active_phases_serve(phase: Phase) -> None:
    assert assign(snapshot(rollout(variant(CONTRACTS), phase=phase)), asker(), pins()).arm is Arm.CANDIDATE


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.ROLLED_BACK, Phase.ABORTED])
def test_ended_rollouts_are_as_if_not_there(phase: Phase) -> None:
    assert assign(snapshot(rollout(variant(CONTRACTS), phase=phase)), asker(), pins()).rollout is None


def completed(**more: object) -> Rollout:
    return rollout(variant(CONTRACTS), phase=Phase.COMPLETED, completed_at=NOW - 100, **more)


def test_a_completed_rollout_is_what_everybody_has() -> None:
    got = assign(snapshot(completed()), asker(), pins())
    assert (got.rollout, got.arm, served(got)) == (None, Arm.OUTSIDE, [("contracts", 1)])


def test_after_keeps_the_last_buckets_back_for_a_while_without_evidence() -> None:
    routing = snapshot(completed(after=After(holdout=1000, for_seconds=200), baseline=variant(OLD)))
    held = assign(routing, asker(unit=units(9000, 10_000)), pins())
    free = assign(routing, asker(unit=units(0, 9000)), pins())
    assert (held.arm, served(held), held.counted, held.stage) == (
        Arm.CONTROL,
        [("contracts", 2)],
        False,
        None,
    )
    assert (free.arm, served(free), free.counted) == (Arm.CANDIDATE, [("contracts", 1)], False)
    later = assign(routing, asker(unit=units(9000, 10_000), now=NOW + 200), pins())
    assert (later.rollout, served(later)) == (None, [("contracts", 1)])


def test_a_running_rollout_goes_before_what_stands() -> None:
    running = rollout(variant(OLD), name="next", created_at=5.0)
    assert served(assign(snapshot(completed(), running), asker(), pins())) == [("contracts", 2)]


def test_the_unit_may_be_the_conversation_or_the_request() -> None:
    by_talk = snapshot(rollout(variant(CONTRACTS), stages=QUARTERS, unit=Unit.CONVERSATION))
    talks = {assign(by_talk, asker(unit=f"u{i}", talk="same"), pins()).arm for i in range(50)}
    assert len(talks) == 1
    by_request = snapshot(rollout(variant(CONTRACTS), stages=QUARTERS, unit=Unit.REQUEST))
    requests = {assign(by_request, asker(exchange_id=f"tgx_{i}"), pins()).arm for i in range(50)}
    assert requests == {Arm.CANDIDATE, Arm.CONTROL}


def test_revoked_and_unknown_versions_are_not_served_and_their_model_neither() -> None:
    candidate = replace(variant(CONTRACTS), model="claude-haiku-4-5")
    revoked = skill("contracts", state=VersionState.REVOKED, match=("(?i)contract",))
    for versions in [(revoked,), ()]:
        got = assign(snapshot(rollout(candidate), versions=versions), asker(), pins())
        assert (got.changed, got.triggered) == (False, False)


# ---- switches and staleness


@pytest.mark.parametrize("switch", [off("all"), off("tenant", "default"), off("skill", "contracts")])
def test_a_switch_takes_the_skill_and_its_model_away_uncounted_in_both_arms(switch: object) -> None:
    candidate = replace(variant(CONTRACTS), model="claude-haiku-4-5")
    routing = snapshot(rollout(candidate, stages=QUARTERS), switches=(switch,))
    for unit in (units(0, 2500), units(5000, 10_000)):
        got = assign(routing, asker(unit=unit), pins())
        assert (got.changed, got.counted, got.triggered) == (False, False, True)


@pytest.mark.parametrize("switch", [off("all"), off("tenant", "default"), off("skill", "contracts")])
def test_after_completion_what_a_switch_leaves_is_of_no_arm(switch: object) -> None:
    held_back = completed(after=After(holdout=1000, for_seconds=200))
    routing = snapshot(held_back, switches=(switch,))
    assert assign(snapshot(held_back), asker(unit=units(0, 9000)), pins()).arm is Arm.CANDIDATE
    for unit in (units(0, 9000), units(9000, 10_000)):
        got = assign(routing, asker(unit=unit), pins())
        assert (got.arm, got.counted, got.changed) == (Arm.OUTSIDE, False, False)


def test_a_switch_on_something_else_changes_nothing() -> None:
    for switch in (off("skill", "letters"), off("tenant", "acme")):
        got = assign(snapshot(rollout(variant(CONTRACTS)), switches=(switch,)), asker(), pins())
        assert (served(got), got.counted) == ([("contracts", 1)], True)


def test_the_other_skills_stay_on_the_clients_model() -> None:
    candidate = replace(variant(CONTRACTS, LETTERS), model="claude-haiku-4-5")
    routing = snapshot(rollout(candidate), switches=(off("skill", "letters"),))
    got = assign(routing, asker("contract and letter"), pins())
    assert (served(got), got.model, got.counted) == ([("contracts", 1)], None, False)
    assert switched_off(routing, "default", got.triggers)
    assert not switched_off(routing, "default", got.skills)


def test_a_switched_off_skill_takes_along_what_requires_it() -> None:
    base, extra = skill("base"), skill("extra", match=("contract",), requires=("base",))
    routing = snapshot(
        rollout(variant(base, extra, LETTERS)),
        versions=[base, extra, LETTERS],
        switches=(off("skill", "base"),),
    )
    got = assign(routing, asker("a contract and a letter"), pins())
    assert (served(got), got.counted, got.reduced) == ([("letters", 1)], False, True)


def test_a_stale_snapshot_serves_the_baseline_in_running_rollouts_uncounted() -> None:
    fresh = snapshot(rollout(variant(CONTRACTS), baseline=variant(OLD)))
    stale = RoutingSnapshot(revision=1, active=fresh.active, degraded=True)
    got = assign(stale, asker(), pins())
    assert (served(got), got.arm, got.counted) == ([("contracts", 2)], Arm.OUTSIDE, False)


# ---- conversations across a step


def stepped(**more: object) -> RoutingSnapshot:
    return snapshot(rollout(variant(CONTRACTS), stages=QUARTERS, stage=1, stage_since=NOW - 60, **more))


def test_an_unknown_conversation_in_progress_keeps_its_side_uncounted_within_the_grace() -> None:
    moved = units(2500, 5000)
    got = assign(stepped(), asker(unit=moved, in_progress=True), pins())
    assert (served(got), got.counted, got.stays, got.arm) == ([], False, True, Arm.CONTROL)
    late = assign(stepped(), asker(unit=moved, in_progress=True, now=NOW + 3600), pins())
    assert (served(late), late.counted, late.stays) == ([("contracts", 1)], True, False)


def test_only_the_moved_range_is_held() -> None:
    got = assign(stepped(), asker(unit=units(0, 2500), in_progress=True), pins())
    assert (got.arm, got.counted) == (Arm.CANDIDATE, True)
    got = assign(stepped(), asker(unit=units(5000, 10_000), in_progress=True), pins())
    assert (got.arm, got.counted) == (Arm.CONTROL, True)


def test_a_conversation_begun_after_the_step_is_known_and_stays_on_the_new_side() -> None:
    memory, moved = pins(), units(2500, 5000)
    assert assign(stepped(), asker(unit=moved), memory).arm is Arm.CANDIDATE
    again = assign(stepped(), asker(unit=moved, in_progress=True), memory)
    assert (again.arm, again.counted) == (Arm.CANDIDATE, True)


def test_single_requests_are_never_held() -> None:
    routing = stepped(unit=Unit.REQUEST)
    ids = [f"tgx_{i}" for i in range(200)]
    assert all(assign(routing, asker(exchange_id=i, in_progress=True), pins()).counted for i in ids)


def test_pins_are_bounded_and_expire() -> None:
    memory = Pins(at_most=3, seconds=10)
    for number in range(5):
        memory.put(("r", 1, 0, str(number)), True, now=0.0)
    assert len(memory) == 3
    assert memory.side(("r", 1, 0, "0"), 1.0) is None
    assert memory.side(("r", 1, 0, "4"), 1.0) is True
    assert memory.side(("r", 1, 0, "4"), 10.0) is None
    memory.put(("r", 1, 0, "new"), False, now=20.0)
    assert len(memory) == 1


def test_without_a_grace_a_conversation_in_progress_moves_with_its_unit() -> None:
    memory, moved = Pins(at_most=3, seconds=0.0), units(2500, 5000)
    got = assign(stepped(), asker(unit=moved, in_progress=True), memory)
    assert (got.arm, got.counted, len(memory)) == (Arm.CANDIDATE, True, 0)


def test_words_choose_in_both_arms_alike() -> None:
    wordy = skill("audits", keywords=("zebra", "stables"))
    half = (Stage(name="half", weight=5000, bake_seconds=1), *QUARTERS[2:])
    routing = snapshot(rollout(variant(wordy), stages=half), versions=[wordy])
    found = [
        assign(routing, asker("audit zebra stables", unit=unit), pins())
        for unit in (units(0, 5000), units(5000, 9500))
    ]
    assert [(each.arm, each.triggered, served(each)) for each in found] == [
        (Arm.CANDIDATE, True, [("audits", 1)]),
        (Arm.CONTROL, True, []),
    ]
    assert [use.reason for each in found for use in each.triggers] == ["lexical", "lexical"]
    quiet = snapshot(rollout(variant(wordy, lexical=False), stages=half), versions=[wordy])
    assert not assign(quiet, asker("audit zebra stables", unit=units(0, 5000)), pins()).triggered
