"""When requests are due: drawn once from a seed, before the first goes out."""

import itertools
import random
from collections.abc import Iterator

from tidegate.harness.load.scenario import MIX, Scenario
from tidegate.harness.load.shot import Shot
from tidegate.harness.load.trace import Arrival

AT_MOST = 5_000_000
"""Requests of one run: no option makes a run that never ends."""


def planned(scenario: Scenario, *, seed: int) -> Iterator[Shot]:
    """Poisson arrivals at the scenario's rate, with its bursts, in order of time."""
    draw = random.Random(seed)  # noqa: S311 - traffic, not secrets; seeded to be repeatable
    times = _merged(_poisson(draw, scenario.per_minute / 60, scenario.seconds), _bursts(scenario))
    for at in itertools.islice(times, AT_MOST):
        yield _shot(draw, at, scenario)


def replayed(scenario: Scenario, arrivals: list[Arrival], *, seed: int) -> Iterator[Shot]:
    """The trace's arrivals and lengths, its times scaled to the scenario's rate where that is not 0."""
    draw = random.Random(seed)  # noqa: S311 - as above
    length = arrivals[-1].at - arrivals[0].at
    own_rate = (len(arrivals) - 1) / length * 60 if length > 0 else 0.0
    scale = own_rate / scenario.per_minute if scenario.per_minute and own_rate else 1.0
    for arrival in arrivals[:AT_MOST]:
        at = (arrival.at - arrivals[0].at) * scale
        if at > scenario.seconds:
            return
        yield _shot(draw, at, scenario, arrival.input_tokens, arrival.output_tokens)


def _poisson(draw: random.Random, rate: float, seconds: float) -> Iterator[float]:
    at = 0.0
    while rate > 0:
        at += draw.expovariate(rate)
        if at > seconds:
            return
        yield at


def _bursts(scenario: Scenario) -> Iterator[float]:
    if not scenario.burst:
        return
    at = scenario.burst_every / 2
    while at <= scenario.seconds:
        yield from itertools.repeat(at, scenario.burst)
        at += scenario.burst_every


def _merged(one: Iterator[float], other: Iterator[float]) -> Iterator[float]:
    ahead = next(other, None)
    for at in one:
        while ahead is not None and ahead <= at:
            yield ahead
            ahead = next(other, None)
        yield at
    if ahead is not None:
        yield ahead
        yield from other


def _shot(
    draw: random.Random,
    at: float,
    scenario: Scenario,
    input_tokens: int | None = None,
    output_tokens: int | None = None,
) -> Shot:
    return Shot(
        at=at,
        kind=draw.choices(tuple(MIX), tuple(MIX.values()))[0],
        user=draw.randrange(scenario.users),
        stream=draw.random() < scenario.stream_share,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
