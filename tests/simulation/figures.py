"""Prints the figures of docs/explanation/statistics.md: `python tests/simulation/figures.py`, seeded.

It runs what the tests of this folder run, with more repetitions and other rates.
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import test_errors_by_request as by_request
import test_errors_by_user as by_user
import test_trip_in_shared_outages as outages

from tidegate.domain.measure import ALPHA_ERRORS, TOLERATED

SEED = 2024

Detection = Callable[[np.random.Generator], int]


def of_request(rate: float, calm_hours: int = 0) -> Detection:
    return lambda rng: by_request.requests_to_detection(rng, rate, calm_hours)


def of_user(count: int, rate: float, calm_hours: int = 0) -> Detection:
    return lambda rng: by_user.requests_to_detection(
        rng, by_user.users(rng, count, by_request.BASE), rate, calm_hours=calm_hours
    )


DETECTIONS: tuple[tuple[str, int, Detection], ...] = (
    ("`request`: errors → 1.6 %", 100, of_request(0.016)),
    ("`request`: errors → 5 %", 300, of_request(0.05)),
    ("`request`: errors → 5 %, beginning at hour 30", 300, of_request(0.05, 30)),
    ("`request`: errors → 20 %", 300, of_request(0.2)),
    ("`request`: errors → 100 %", 300, of_request(1.0)),
    ("`user`, 20,000 users: errors → 5 %, beginning at hour 30", 40, of_user(20_000, 0.05, 30)),
    ("`user`, 20,000 users: errors → 100 %, beginning at hour 30", 40, of_user(20_000, 1.0, 30)),
    ("`user`, 2,000 users: errors → 20 %", 100, of_user(2_000, 0.2)),
    ("`user`, 2,000 users: errors → 100 %", 100, of_user(2_000, 1.0)),
)


def detections() -> Iterator[str]:
    yield "| fault | runs | median | 95 % within |"
    yield "|---|---|---|---|"
    for number, (name, runs, detect) in enumerate(DETECTIONS):
        rng = np.random.default_rng([SEED, number])
        taken = [detect(rng) for _ in range(runs)]
        yield f"| {name} | {runs} | {np.median(taken):,.0f} | {np.quantile(taken, 0.95):,.0f} |"


def false_alarms() -> Iterator[str]:
    yield "| false alarms | runs | fired |"
    yield "|---|---|---|"
    for ratio, text in ((1.0, "no difference"), (TOLERATED, "candidate 1.1 times worse (just tolerated)")):
        fired = by_request.harmless_rollouts(np.random.default_rng([SEED, 100]), 5_000, ratio)
        name = f"`request`, whole rollout, {text}, error rate drifting"
        yield f"| {name} | 5,000 | {int(fired.sum())} |"
    rng = np.random.default_rng([SEED, 102])
    fired_by_user = sum(by_user.harmless_canary(rng)[0] for _ in range(500))
    name = "`user`, 12 h canary, 400 users, activity Zipf 1.1, error rates spread by 1.5 in log"
    yield f"| {name} | 500 | {fired_by_user} |"
    for rate in (0.3, 0.4, 0.5, 0.6):
        rng = np.random.default_rng([SEED, 103])
        tripped = [outages.requests_to_trip(rng, candidate=rate, control=rate) for _ in range(50)]
        name = f"`trip`, both arms failing at {100 * rate:.0f} % for ten minutes, canary 5 %"
        yield f"| {name} | 50 | {sum(each is not None for each in tripped)} |"


def main() -> None:
    begun = time.monotonic()
    for line in detections():
        print(line, flush=True)  # noqa: T201 (a program for a terminal)
    print()  # noqa: T201 (a program for a terminal)
    for line in false_alarms():
        print(line, flush=True)  # noqa: T201 (a program for a terminal)
    sys.stderr.write(f"{time.monotonic() - begun:.0f} s; a rollout may fire in {ALPHA_ERRORS:.1%} of runs\n")


if __name__ == "__main__":
    main()
