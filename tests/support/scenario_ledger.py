"""The exchanges that a scenario's control arm leaves in a ledger, drawn with the rehearsal's own parts."""

from collections.abc import Iterator

from tidegate.domain.exchange import Arm, Exchange, Outcome, Vote
from tidegate.rehearsal.answers import SIZE, Shapes
from tidegate.rehearsal.crowd import natural_rate, pick, running_activity, spread
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.profile import DAY, profile
from tidegate.rehearsal.scenario import Scenario

MIDNIGHT = 1_799_971_200.0
"""A day begins (UTC)."""

_HOUR = 3600.0


def exchanges_of(scenario: Scenario, days: float, seed: str = "ledger", **more: object) -> Iterator[Exchange]:
    """So many days from MIDNIGHT on, in the order of their times; `more` are further fields of each."""
    draws, control = Draws(seed), scenario.control
    shapes = Shapes(draws, control.cost)
    dollars, waves = shapes.dollars(control.cost.within()), profile(scenario.traffic)
    users = running_activity(scenario)
    luck = [draws.normal() for _ in users]
    own = Draws(f"{seed}/costs")
    dearer = [spread(control.cost.user_spread, own.normal()) for _ in users]
    number = 0
    for day in range(int(-(-days // 1))):
        drift = spread(control.daily_drift, draws.normal())
        for hour in range(24):
            begin = day * DAY + hour * _HOUR
            if begin >= days * DAY:
                return
            count = draws.poisson(waves.between(begin, begin + _HOUR))
            for at in sorted(begin + draws.random() * _HOUR for _ in range(count)):
                user, place = pick(draws, users), draws.below(SIZE)
                bad = draws.random() < natural_rate(control, luck[user]) * drift
                seconds = control.latency.median * 2.718281828 ** (
                    control.latency.sigma * shapes.latency[draws.below(SIZE)]
                )
                number += 1
                yield Exchange(
                    id=f"req_{number:07d}",
                    at=MIDNIGHT + at,
                    finished_at=MIDNIGHT + at + seconds,
                    tenant="acme",
                    key_id="key_1",
                    unit_hash=f"user-{user}",
                    arm=Arm.OUTSIDE,
                    outcome=Outcome.UPSTREAM_ERROR if bad else Outcome.OK,
                    status=502 if bad else 200,
                    seconds=seconds,
                    asked_bytes=shapes.asked[place],
                    cost_usd=dollars[place] * dearer[user],
                    model="claude-haiku-4-5",
                    **more,
                )


def votes_of(scenario: Scenario, exchanges: list[Exchange], seed: str = "votes") -> Iterator[Vote]:
    """The votes on them."""
    draws, control = Draws(seed), scenario.control
    for each in exchanges:
        if draws.random() < control.votes:
            vote = "down" if draws.random() < control.down else "up"
            yield Vote(request_id=each.id, vote=vote, at=each.finished_at, tenant=each.tenant)
