"""Plans and pasts whose requests have a price, for tests of what can be certified."""

from collections import Counter

import numpy as np
from stages import HOUR, make_rollout

from tidegate.domain.past import Past
from tidegate.domain.rollout import ExpectedCost, Gates, Plan, SavingsGate, Unit

SPAN = 24 * HOUR


def priced(per_minute: float, *, users: int = 20_000, unit: Unit = Unit.REQUEST) -> tuple[Plan, Past]:
    """A plan that asks for savings of 35 %, and a day before it of so many users (Zipf 1.1) whose costs are
    log-normal about what their sizes say."""
    rng = np.random.default_rng(12)
    sizes = 2000 * rng.lognormal(-(0.96**2) / 2, 0.96, 4000)
    costs = 1e-5 * sizes * rng.lognormal(-(0.72**2) / 2, 0.72, 4000)
    drawn = tuple((int(size), float(cost)) for size, cost in zip(sizes, costs, strict=True))
    requests = round(per_minute * SPAN / 60)
    shares = np.arange(1, users + 1) ** -1.1
    asked = rng.poisson(requests * shares / shares.sum())
    past = Past(
        span=SPAN,
        requests=requests,
        faulted=round(0.008 * requests),
        units=int((asked > 0).sum()),
        costs=drawn,
        bills=tuple(_bill(int(count), drawn, rng) for count in asked if count),
        spectrum=Counter(int(count) for count in asked if count),
    )
    gate = SavingsGate(min=0.35, expected=ExpectedCost(base=0.0, per_byte=1e-5, cap=0.4))
    return make_rollout(Gates(savings=gate), unit).plan, past


def _bill(
    count: int, drawn: tuple[tuple[int, float], ...], rng: np.random.Generator
) -> tuple[tuple[int, float], ...]:
    return tuple(drawn[n] for n in rng.integers(0, len(drawn), min(count, 20)))
