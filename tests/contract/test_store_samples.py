"""The census of a period, on each store: equal to sums over its lines, made by hand."""

import math
from collections import Counter, defaultdict
from random import Random

import msgspec
import pytest
from exchanges import make_exchange

from tidegate.domain.census import Alike, Census, Hour, Sampled
from tidegate.domain.exchange import Arm, Outcome, SkillUse, Vote
from tidegate.domain.rollout import Unit
from tidegate.domain.tuning.answers import Answers, Band, Tuned, Waits
from tidegate.domain.tuning.reuse_distances import LADDER, Distances, Lookup, ladder_with

BEGIN = 999_000.0
"""An hour begins at 997,200 and at 1,000,800: the period cuts into both."""


def exchanges(count: int = 400):
    """Of every kind that a census tells apart, over three hours."""
    draw = Random(11)
    return [
        make_exchange(
            number,
            at=BEGIN + number * 25.0,
            finished_at=BEGIN + number * 25.0 + 1,
            tenant=draw.choice(("acme", "acme", "bolt")),
            task=draw.choice(("", "review")),
            unit_hash=f"unit-{draw.randrange(40)}",
            unit_kind=draw.choice(("user", "user", "request", "conversation")),
            arm=draw.choice((Arm.CANDIDATE, Arm.CONTROL, Arm.OUTSIDE)),
            rollout=draw.choice(("contract-skills", "contract-skills", None)),
            stage=draw.choice((0, None)),
            counted=draw.random() < 0.9,
            triggered=number % 3 > 0,
            stays=draw.random() < 0.3,
            outcome=draw.choice((Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR, Outcome.CLIENT_CLOSED)),
            first_attempt_failed=draw.random() < 0.2,
            seconds=draw.random() * 3,
            asked_bytes=draw.choice((0, 900, 4000)),
            cost_usd=draw.choice((None, 0.0, 0.01, 0.02)),
            conversation_hash=f"talk-{number % 30}" if number % 3 else "",
        )
        for number in range(count)
    ]


@pytest.fixture
async def filled(store):
    made = exchanges()
    await store.ledger.ingest(made, [])
    for number, each in enumerate(made[::3]):
        vote = "down" if number % 4 == 0 else "up"
        await store.ledger.vote(Vote(request_id=each.id, vote=vote, at=each.at, tenant=each.tenant))
    return store


def is_after(each) -> bool:
    return each.rollout is not None and each.stage is None


def is_baseline(each) -> bool:
    if each.arm is Arm.OUTSIDE:
        return True
    return each.stage is not None if each.arm is Arm.CONTROL else is_after(each)


def by_hand(sampled: Sampled) -> Census:
    made = exchanges()
    voted = {each.id: "down" if n % 4 == 0 else "up" for n, each in enumerate(made[::3])}
    found = [
        each
        for each in made
        if sampled.since <= each.at < sampled.until
        and (each.counted or each.stays or is_after(each))
        and ("*" in sampled.tenants or each.tenant in sampled.tenants)
        and ("*" in sampled.tasks or each.task in sampled.tasks)
    ]
    baseline = [each for each in found if is_baseline(each)]
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    units: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in found:
        kept = each in baseline
        for place in (hours[int(each.at // 3600) * 3600], units[each.tenant, each.unit_hash]):
            if place in hours.values() or each.unit_kind != "conversation":
                place[0] += 1
                place[1] += kept
                place[2] += kept and each.faulted
    alike = Counter(tuple(each) for each in units.values() if any(each))
    good = [each for each in baseline if each.outcome is Outcome.OK]
    judged = [e for e in found if e.arm is not Arm.OUTSIDE and e.stage is not None and e.counted]
    return Census(
        hours=tuple(Hour(start, *counts) for start, counts in sorted(hours.items())),
        first_at=min((each.at for each in found), default=0.0),
        alike=tuple(Alike(users, *key) for key, users in sorted(alike.items())),
        milliseconds=dict(Counter(round(each.seconds * 1000) for each in good)),
        up=sum(voted.get(each.id) == "up" for each in baseline),
        down=sum(voted.get(each.id) == "down" for each in baseline),
        judged=len(judged),
        triggered=sum(each.triggered for each in judged),
    )


@pytest.mark.parametrize(
    "sampled",
    [
        Sampled(since=BEGIN, until=BEGIN + 20_000),
        Sampled(since=BEGIN + 1_000, until=BEGIN + 5_000),
        Sampled(since=BEGIN, until=BEGIN + 20_000, tenants=("bolt",)),
        Sampled(since=BEGIN, until=BEGIN + 20_000, tasks=("review", "other")),
        Sampled(since=0.0, until=BEGIN),
    ],
    ids=["all", "a part", "a tenant", "a task", "nothing"],
)
async def test_a_census_is_what_its_lines_come_to(filled, sampled):
    found, hand = await filled.samples.census(sampled), by_hand(sampled)
    assert found.hours == hand.hours
    assert found.first_at == hand.first_at
    assert sum(each.users for each in found.alike) == sum(each.users for each in hand.alike)
    assert found.alike == hand.alike
    assert found.milliseconds == hand.milliseconds
    assert (found.up, found.down) == (hand.up, hand.down)
    assert (found.judged, found.triggered) == (hand.judged, hand.triggered)


async def test_costs_are_summed_with_their_logarithms(filled):
    sums = (await filled.samples.census(Sampled(since=BEGIN, until=BEGIN + 20_000))).costs
    kept = [e for e in exchanges() if is_baseline(e) and (e.counted or e.stays or is_after(e))]
    priced = [e for e in kept if e.cost_usd is not None]
    costly = [e for e in priced if e.cost_usd]
    sized = [e for e in costly if e.asked_bytes]
    assert (sums.priced, sums.costly, sums.sized) == (len(priced), len(costly), len(sized))
    assert min(sums.priced - sums.costly, sums.costly - sums.sized, sums.sized) > 20
    assert sums.usd == pytest.approx(sum(e.cost_usd for e in priced))
    assert sums.x == pytest.approx(sum(math.log(e.cost_usd) for e in costly))
    assert sums.xx == pytest.approx(sum(math.log(e.cost_usd) ** 2 for e in costly))
    assert sums.xs == pytest.approx(sum(math.log(e.cost_usd) for e in sized))
    assert sums.yy == pytest.approx(sum(math.log(e.asked_bytes) ** 2 for e in sized))
    assert sums.xy == pytest.approx(sum(math.log(e.cost_usd) * math.log(e.asked_bytes) for e in sized))


async def test_costs_are_told_apart_by_user_but_for_conversations(filled):
    found = (await filled.samples.census(Sampled(since=BEGIN, until=BEGIN + 20_000))).user_costs
    kept = [e for e in exchanges() if is_baseline(e) and (e.counted or e.stays or is_after(e))]
    known = [e for e in kept if e.cost_usd and e.unit_kind != "conversation"]
    users: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in known:
        users[each.tenant, each.unit_hash].append(math.log(each.cost_usd))
    mean = sum(map(sum, users.values())) / len(known)
    assert (found.users, found.requests) == (len(users), len(known))
    assert found.squared == sum(len(logs) ** 2 for logs in users.values())
    means = {user: sum(logs) / len(logs) for user, logs in users.items()}
    assert found.within == pytest.approx(sum((x - means[u]) ** 2 for u, logs in users.items() for x in logs))
    assert found.between == pytest.approx(
        sum(len(logs) * (means[u] - mean) ** 2 for u, logs in users.items())
    )


ANALYSIS = SkillUse("contract-analysis", 3, "lexical", 1.7)
DRAFTING = SkillUse("drafting", 1, "lexical", 2.43)
ASKED = SkillUse("contract", 1, "explicit", 1.0)
TUNED = Tuned(since=BEGIN, until=BEGIN + 20_000, rollout="contract-skills", attempt=1, kept_seconds=77.0)


def answered(count: int = 500):
    """Answers of a candidate with all that tells them apart, and control's."""
    draw = Random(5)
    made = []
    for number in range(count):
        looked_up = draw.choice((None, "hit", "miss", "miss", "shared", "bypass"))
        made.append(
            make_exchange(
                number,
                at=BEGIN + number * 10.0,
                finished_at=BEGIN + number * 10.0 + draw.random() * 5,
                rollout=draw.choice(("contract-skills", "contract-skills", "contract-skills", "other", None)),
                attempt=draw.choice((1, 1, 1, 2)),
                tenant=draw.choice(("acme", "bolt")),
                task=draw.choice(("", "review")),
                stage=draw.choice((0, None)),
                arm=draw.choice((Arm.CANDIDATE, Arm.CANDIDATE, Arm.CONTROL, Arm.OUTSIDE)),
                skills=draw.choice(((), (ANALYSIS,), (ASKED, DRAFTING), (DRAFTING, ANALYSIS))),
                wanted=draw.choice(((), (ANALYSIS,), (ASKED, DRAFTING))),
                outcome=draw.choice((Outcome.OK, Outcome.OK, Outcome.UPSTREAM_ERROR)),
                skill_outcome=draw.choice((None, Outcome.OK, Outcome.OK, Outcome.SKILL_TIMEOUT)),
                fallback=draw.choice((None, None, None, "skill_timeout")),
                seconds=draw.random() * 3,
                first_token_seconds=draw.choice((None, 0.2504, 0.8)),
                cache=looked_up,
                cache_key=draw.choice(("", "aa", "bb", "bb")) if looked_up not in (None, "bypass") else "",
                cost_usd=draw.choice((None, 0.01)),
            )
        )
    return made


@pytest.fixture
async def tuned_store(store):
    made = answered()
    await store.ledger.ingest(made, [])
    for number, each in enumerate(made[::2]):
        vote = "down" if number % 3 == 0 else "up"
        await store.ledger.vote(Vote(request_id=each.id, vote=vote, at=each.at, tenant=each.tenant))
    return store


def answers_by_hand(tuned: Tuned) -> Answers:
    made = answered()
    votes = {each.id: "down" if n % 3 == 0 else "up" for n, each in enumerate(made[::2])}
    after = [
        e
        for e in made
        if tuned.standing_since is not None
        and (e.rollout, e.arm) == (None, Arm.OUTSIDE)
        and e.at >= tuned.standing_since
        and ("*" in tuned.tenants or e.tenant in tuned.tenants)
        and ("*" in tuned.tasks or e.task in tuned.tasks)
    ]
    within = [e for e in made if (e.rollout, e.attempt) == (tuned.rollout, tuned.attempt)]
    found = [e for e in within if e.arm is not Arm.OUTSIDE] + after
    candidate = [e for e in found if e.arm is not Arm.CONTROL]
    wanted = [e for e in candidate if tuned.skill is None or tuned.skill in {u.name for u in e.skills}]
    asked = [e for e in wanted if e.cache not in ("hit", "shared")]
    timed = [e for e in asked if not {u.name for u in e.skills} & {*tuned.without}]
    good = [e for e in timed if e.skill_outcome is Outcome.OK and e.fallback is None]
    bands = Counter(
        (each.arm is not Arm.CONTROL, int(use.score * 10 + 1e-9), votes[each.id])
        for each in found
        if each.id in votes and not (each.arm is not Arm.CONTROL and each.fallback)
        for use in (each.wanted if each.arm is Arm.CONTROL else each.skills)
        if use.reason == "lexical" and tuned.skill in (None, use.name)
    )
    distances = Distances(ladder_with(tuned.kept_seconds))
    keyed = sorted((e for e in wanted if e.cache_key), key=lambda e: (e.cache_key, e.at))
    distances.add(
        Lookup(
            *(e.cache_key, e.at, e.finished_at, e.outcome is Outcome.OK and e.fallback is None),
            *(e.cache in ("hit", "shared"), e.cost_usd),
        )
        for e in keyed
    )
    keyless = sum(e.cache in ("hit", "shared", "miss") and not e.cache_key for e in wanted)
    return Answers(
        requests=len(candidate),
        waits=Waits(
            dict(Counter(round(1000 * (e.first_token_seconds or e.seconds)) for e in good)),
            sum(e.skill_outcome is Outcome.SKILL_TIMEOUT for e in timed),
        ),
        bands=tuple(
            Band(served, tenths, bands[served, tenths, "up"], bands[served, tenths, "down"])
            for served, tenths in sorted({(served, tenths) for served, tenths, _ in bands})
        ),
        reuses=distances.sums(keyless),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"skill": "drafting"},
        {"skill": "contract"},
        {"without": ("drafting",)},
        {"attempt": 2},
        {"standing_since": BEGIN + 900},
        {"standing_since": BEGIN, "tenants": ("bolt",), "tasks": ("review",)},
    ],
    ids=[
        "all",
        "a skill",
        "a skill whose name begins another's",
        "without one",
        "another attempt",
        "with what came after",
        "of a tenant and a task",
    ],
)
async def test_a_candidates_answers_are_what_its_lines_come_to(tuned_store, changes):
    tuned = msgspec.structs.replace(TUNED, **changes)
    found, hand = await tuned_store.samples.answers(tuned), answers_by_hand(tuned)
    assert found.requests == hand.requests > 20
    assert found.waits == hand.waits
    assert found.bands == hand.bands
    assert found.reuses.hits == hand.reuses.hits
    assert found.reuses.asked_usd == pytest.approx(hand.reuses.asked_usd)
    assert (found.reuses.keyless, found.reuses.lookups) == (hand.reuses.keyless, hand.reuses.lookups)
    assert set(found.reuses.hits) == {*LADDER, 77}


async def test_nothing_has_no_answers(tuned_store):
    found = await tuned_store.samples.answers(msgspec.structs.replace(TUNED, until=BEGIN))
    assert (found.requests, found.waits, found.bands, found.reuses.lookups) == (0, Waits(), (), 0)


async def test_activity_is_a_censuss_hours_and_who_asked_how_often(filled):
    sampled = Sampled(since=BEGIN, until=BEGIN + 20_000)
    census = await filled.samples.census(sampled)
    by_user = await filled.samples.activity(sampled, Unit.USER)
    assert (by_user.hours, by_user.first_at, by_user.alike) == (census.hours, census.first_at, census.alike)
    assert by_user.costs.priced == 0
    kept = [e for e in exchanges() if e.counted or e.stays or is_after(e)]
    talks = Counter((e.tenant, e.conversation_hash) for e in kept if e.conversation_hash)
    by_talk = await filled.samples.activity(sampled, Unit.CONVERSATION)
    asked = Counter()
    for each in by_talk.alike:
        asked[each.requests] += each.users
    assert asked == Counter(talks.values())
    assert len(talks) > 20
