"""Which answers speak for a candidate: its rollout's, and what everybody has since it is complete."""

import msgspec
import pytest

from tidegate.control.commit import commit
from tidegate.control.tuning import tunable
from tidegate.domain.errors import NotFound
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import CachePolicy, Eligible, Move, Phase, SkillRef, Variant
from tidegate.domain.skill import Manifest, SkillPackage


@pytest.fixture
def complete(services, plan, started):
    """`await complete(name, hours_ago, …)` stores a rollout that was completed then."""

    async def put(name, hours_ago, *, phase=Phase.COMPLETED, **changes):
        at = services.clock.now() - hours_ago * 3600
        rollout = msgspec.structs.replace(
            started(plan(name, **changes)),
            phase=phase,
            completed_at=at if phase is Phase.COMPLETED else None,
        )
        return await commit(services, rollout, rollout, move=Move.START, actor="test", reason="test", at=at)

    return put


async def test_the_newest_completed_rollout_is_looked_at(services, complete):
    await complete("older", 30)
    await complete("newer", 20)
    await complete("going-on", 1, phase=Phase.PROGRESSING)
    assert (await tunable(services, None, None, None, None)).tuned.rollout == "newer"
    assert (await tunable(services, "going-on", None, None, None)).tuned.rollout == "going-on"


async def test_with_a_skill_the_newest_that_serves_it(services, complete):
    await complete("older", 30)
    await complete("newer", 20, candidate=Variant(skills=(SkillRef("drafting", 1, "sha256:d"),)))
    found = await tunable(services, None, "report-writing", None, None)
    assert (found.tuned.rollout, found.tuned.skill) == ("older", "report-writing")
    with pytest.raises(NotFound, match="the candidate of rollout 'newer' has no skill 'report-writing'"):
        await tunable(services, "newer", "report-writing", None, None)


@pytest.mark.parametrize(
    ("tenants", "stands"), [(("*",), False), (("acme", "bolt"), False), (("bolt",), True)]
)
async def test_it_stands_until_a_newer_one_meets_its_scope(services, complete, tenants, stands):
    await complete("older", 30, eligible=Eligible(tenants=("acme",)))
    await complete("newer", 20, eligible=Eligible(tenants=tenants))
    await complete("oldest", 40)
    tuned = (await tunable(services, "older", None, None, None)).tuned
    assert tuned.standing_since == (services.clock.now() - 30 * 3600 if stands else None)
    assert tuned.tenants == ("acme",)


async def test_a_rollout_in_progress_has_its_own_answers_alone(services, running, serve, exchange):
    await serve(running, candidate=5, control=7)
    services.clock.pass_seconds(60)
    after = exchange(running, Arm.OUTSIDE, services.clock.now() - 1)
    after = msgspec.structs.replace(after, rollout=None, stage=None)
    await services.store.ledger.ingest([after], [])
    found = await tunable(services, running.name, None, None, None)
    assert (found.tuned.standing_since, found.answers.requests) == (None, 5)


async def test_a_shorter_timeout_of_a_package_and_the_present_ttl_are_told(services, complete):
    for name, own in (("quick", 2.0), ("patient", 30.0), ("plain", None)):
        package = SkillPackage(
            manifest=Manifest(name=name, description="A skill.", timeout_seconds=own),
            body="Do it.",
            archive=name.encode(),
            digest=f"sha256:{name}",
            files=(),
        )
        await services.store.skills.publish(package, by="test", reason="test", at=1.0)
    refs = tuple(SkillRef(name, 1, f"sha256:{name}") for name in ("quick", "patient", "plain"))
    await complete("all", 5, candidate=Variant(skills=refs, cache=CachePolicy(ttl_seconds=90.0)))
    tuned = (await tunable(services, None, None, None, None)).tuned
    assert (tuned.without, tuned.kept_seconds) == (("quick",), 90.0)


async def test_nothing_completed_is_said(services, running):
    with pytest.raises(NotFound, match=r"no completed rollout; name one with --rollout"):
        await tunable(services, None, None, None, None)
