"""A scenario from a census of the ledger: what it tells is fitted, what it does not stays the default."""

from collections.abc import Mapping, Sequence

import msgspec

from tidegate.control.timestamp import rfc3339
from tidegate.domain.census import Census, Hour, Sampled
from tidegate.domain.errors import InvalidInput
from tidegate.rehearsal.fitting.activity import MOST_USERS, fit_activity
from tidegate.rehearsal.fitting.amounts import SMALLEST_MEAN, cost, latency
from tidegate.rehearsal.fitting.figure import Figure, fitted, missing
from tidegate.rehearsal.fitting.rates import USERS, rates
from tidegate.rehearsal.fitting.wave import fit_wave, whole_days
from tidegate.rehearsal.scenario import CANDIDATE, CONTROL, Traffic

ENOUGH = 200
"""Baseline requests; of fewer no scenario is made."""

WAVE_DAYS = 2
WAVE_REQUESTS = 1000
_DAY = 86_400.0
_LATE = 3600.0
_LATE_PART = 0.05
_SHORTEST = 60.0
"""Requests of a few seconds are told of a minute: nothing says that they go on so."""

_MOST_PER_MINUTE = 999_900.0


class Fit(msgspec.Struct, frozen=True):
    """What was fitted from [since, until) (epoch seconds), in the order of a scenario file."""

    since: float
    until: float
    requests: int
    baseline: int
    figures: tuple[Figure, ...]

    def value(self, key: str) -> float:
        return next(each.value for each in self.figures if each.key == key)


def fit(census: Census, sampled: Sampled) -> Fit:
    """The scenario of a period; raises InvalidInput where it has too few requests.

    Where its first request came late, the period begins with that: a ledger may be younger than what was
    asked for. The candidate is an assumption.
    """
    if census.baseline < ENOUGH:
        raise InvalidInput(_too_few(census, sampled))
    since = _begin(census, sampled)
    days = whole_days(census.hours, since, sampled.until)
    figures = [
        *_traffic(census, sampled.until - since, days),
        *rates(census, days),
        *latency(census),
        *cost(census.costs, census.user_costs),
    ]
    mean = next(each for each in figures if each.key == "control.cost.mean")
    return Fit(since, sampled.until, census.requests, census.baseline, (*figures, _candidate(mean)))


def _begin(census: Census, sampled: Sampled) -> float:
    gap = census.first_at - sampled.since
    return (
        census.first_at if gap > min(_LATE, _LATE_PART * (sampled.until - sampled.since)) else sampled.since
    )


def _too_few(census: Census, sampled: Sampled) -> str:
    scope = [
        f"{what} {', '.join(names)}"
        for what, names in (("tenants", sampled.tenants), ("tasks", sampled.tasks))
        if "*" not in names
    ]
    of = f" of {' and '.join(scope)}" if scope else ""
    return (
        f"the ledger has {census.baseline} baseline requests{of} from {rfc3339(sampled.since)} to "
        f"{rfc3339(sampled.until)}; a scenario needs {ENOUGH}: name a longer time with --since, or write the "
        "scenario yourself"
    )


def _traffic(census: Census, seconds: float, days: Mapping[int, Sequence[Hour]]) -> list[Figure]:
    per_minute = min(_MOST_PER_MINUTE, census.requests / max(seconds, _SHORTEST) * 60)
    length = f"{seconds / _DAY:.3g} days" if seconds >= _DAY else f"{seconds / 3600:.3g} hours"
    said = f"{census.requests:,} requests in {length}"
    return [
        fitted("traffic.per_minute", per_minute, said),
        *_users(census),
        _diurnal(days),
        _triggered(census),
    ]


def _users(census: Census) -> list[Figure]:
    spectrum: dict[int, int] = {}
    for each in census.alike:
        spectrum[each.requests] = spectrum.get(each.requests, 0) + each.users
    seen, asked = sum(spectrum.values()), sum(count * users for count, users in spectrum.items())
    usual = Traffic()
    if not seen:
        why = "every unit of the period is a conversation, which tells no user"
        return [missing("traffic.users", usual.users, why), missing("traffic.zipf", usual.zipf, why)]
    if seen < USERS:
        why = f"{seen} users; {USERS - seen} more are needed"
        return [fitted("traffic.users", seen, "all that were seen"), missing("traffic.zipf", usual.zipf, why)]
    found = fit_activity(spectrum)
    guessed = "; more cannot be told apart" if found.users >= MOST_USERS else ""
    busiest, by_fit = 100 * max(spectrum) / asked, 100 * found.busiest
    return [
        fitted(
            "traffic.users", found.users, f"{seen:,} were seen; the others did not happen to ask{guessed}"
        ),
        fitted(
            "traffic.zipf",
            found.zipf,
            f"the busiest user sent {busiest:.3g} % of the requests, by the fit {by_fit:.3g} %",
        ),
    ]


def _diurnal(days: Mapping[int, Sequence[Hour]]) -> Figure:
    key, usual = "traffic.diurnal", Traffic().diurnal
    if len(days) < WAVE_DAYS:
        why = f"{len(days)} whole days (UTC); {WAVE_DAYS - len(days)} more are needed"
        return missing(key, usual, why)
    requests = sum(hour.requests for day in days.values() for hour in day)
    if requests < WAVE_REQUESTS:
        return missing(
            key, usual, f"{requests} requests on whole days; {WAVE_REQUESTS - requests} more are needed"
        )
    return fitted(
        key, fit_wave({day: list(hours) for day, hours in days.items()}), f"of {len(days)} whole days (UTC)"
    )


def _triggered(census: Census) -> Figure:
    """By the rollouts of the period, of whatever skill they were."""
    key, judged, chosen = "traffic.triggered", census.judged, census.triggered
    if judged < ENOUGH:
        why = f"{judged} requests of rollouts; {ENOUGH - judged} more are needed, a baseline shows none"
        return missing(key, Traffic().triggered, why)
    if not chosen:
        why = f"on none of {judged:,} requests of rollouts the skill was chosen; write yours"
        return missing(key, Traffic().triggered, why)
    said = f"{chosen:,} of {judged:,} requests of rollouts; another skill is chosen on others"
    return fitted(key, chosen / judged, said)


def _candidate(control: Figure) -> Figure:
    """No ledger tells what a candidate will be like: as the default scenario's, it saves 40 %."""
    saved = 1 - CANDIDATE.cost.mean / CONTROL.cost.mean
    mean = max(SMALLEST_MEAN, control.value * (1 - saved))
    return Figure(
        "candidate.cost.mean",
        mean,
        fitted=False,
        said=f"an assumption: {100 * saved:.0f} % saved; write yours",
    )
