"""Errors, votes, and how errors differ between users and between days."""

import math
from collections.abc import Mapping, Sequence

from tidegate.domain.census import Census, Hour
from tidegate.rehearsal.fitting.figure import Figure, fitted, missing
from tidegate.rehearsal.fitting.spread import Cell, fit_spread
from tidegate.rehearsal.scenario import CONTROL

FEW_FAULTS = 10
FAULTS = 30
"""Faulted requests before their spread is looked at."""

USERS = 20
DAYS = 7
VOTES = 20


def rates(census: Census, days: Mapping[int, Sequence[Hour]]) -> list[Figure]:
    """What of the control arm is a share, or its spread."""
    return [_errors(census), *_votes(census), _user_spread(census), _daily_drift(days)]


def _errors(census: Census) -> Figure:
    count, bad = census.baseline, census.faulted
    said = f"{bad:,} of {count:,} were faulted"
    if bad < FEW_FAULTS:
        return fitted("control.errors", (bad + 0.5) / (count + 1), f"{said}; so few that half a one is added")
    return fitted("control.errors", bad / count, said)


def _votes(census: Census) -> list[Figure]:
    votes = census.up + census.down
    share = fitted("control.votes", votes / census.baseline, f"{votes:,} votes on {census.baseline:,}")
    if votes < VOTES:
        return [
            share,
            missing("control.down", CONTROL.down, f"{votes} votes; {VOTES - votes} more are needed"),
        ]
    return [share, fitted("control.down", census.down / votes, f"{census.down:,} of {votes:,} votes")]


def _user_spread(census: Census) -> Figure:
    key = "control.user_spread"
    cells = [Cell(each.users, each.baseline, each.faulted) for each in census.alike if each.baseline]
    users, bad = sum(cell.many for cell in cells), sum(cell.many * cell.faulted for cell in cells)
    short = _short(users, USERS, "users", bad)
    if short:
        return missing(key, CONTROL.user_spread, short)
    return _spread(key, cells, f"{bad:,} faulted requests of {users:,} users")


def _daily_drift(days: Mapping[int, Sequence[Hour]]) -> Figure:
    key = "control.daily_drift"
    sums = [(sum(h.baseline for h in day), sum(h.faulted for h in day)) for day in days.values()]
    cells = [Cell(1, count, bad) for count, bad in sums if count]
    bad = sum(cell.faulted for cell in cells)
    short = _short(len(cells), DAYS, "whole days (UTC)", bad)
    if short:
        return missing(key, CONTROL.daily_drift, short)
    within = 100 / math.sqrt(2 * len(cells))
    said = f"{bad:,} faulted requests on {len(cells)} whole days (UTC); so few days tell it to {within:.0f} %"
    return _spread(key, cells, said)


def _short(found: int, needed: int, what: str, bad: int) -> str:
    """What is missing for a spread; empty where nothing is."""
    if found < needed:
        return f"{found} {what}; {needed - found} more are needed"
    return f"{bad} faulted requests; {FAULTS - bad} more are needed" if bad < FAULTS else ""


def _spread(key: str, cells: Sequence[Cell], said: str) -> Figure:
    found = fit_spread(cells)
    if not found.noticeable:
        return fitted(key, 0.0, f"{said} differ no more than by chance")
    return fitted(key, found.sigma, said)
