"""Traffic of the same kind put to other tools' rules: when would they have ended the rollout?

The scenario, its users and their arms are those of the repetition; the requests are drawn anew, minute by
minute, as the rules look. Which answers come when is another draw of luck than the controller had.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tidegate.domain.evidence import merge
from tidegate.domain.exchange import Arm
from tidegate.domain.rollout import Plan
from tidegate.rehearsal.answers import Shapes
from tidegate.rehearsal.course import Course
from tidegate.rehearsal.draws import Draws
from tidegate.rehearsal.rivals import RIVALS, Limits, Rival, limits_of
from tidegate.rehearsal.run import salt_of
from tidegate.rehearsal.scenario import Scenario
from tidegate.rehearsal.world import World

MINUTE = 60.0


def compare(
    plan: Plan,
    scenario: Scenario,
    names: Iterable[str],
    *,
    seed: int = 1,
    number: int = 0,
    times: Sequence[float] = (),
) -> Mapping[str, Course]:
    """By rule what came of the plan's stages, each approved as it has baked; names are of RIVALS."""
    comparison = _Comparison(plan, scenario, f"{seed}/{number}", times)
    running: dict[str, Callable[[Limits], Rival]] = {name: RIVALS[name] for name in names}
    return comparison.run(number, running)


class _Comparison:
    """One pass over the traffic, for all rules that still run."""

    def __init__(self, plan: Plan, scenario: Scenario, seed: str, times: Sequence[float]) -> None:
        self._plan = plan
        self._scenario = scenario
        draws = Draws(seed)
        shapes = Shapes(draws, scenario.control.cost)
        self._world = World(scenario, plan, draws, shapes, salt=salt_of(seed), times=times)
        self._now = 0.0
        self._requests = 0
        self._before_fault = 0

    def run(self, number: int, makers: Mapping[str, Callable[[Limits], Rival]]) -> dict[str, Course]:
        found: dict[str, Course] = {}
        for stage in self._plan.stages:
            self._world.enter(stage, self._now)
            rules = {name: make(limits_of(self._plan)) for name, make in makers.items() if name not in found}
            for _ in range(int(stage.bake_seconds // MINUTE)):
                if not rules:
                    return found
                for name, metric in self._minute(rules):
                    found[name] = self._course(number, "rolled-back", metric)
                    del rules[name]
        return {name: found.get(name) or self._course(number, "completed", None) for name in makers}

    def _minute(self, rules: Mapping[str, Rival]) -> list[tuple[str, str]]:
        """Let a minute come; the rules that end the rollout after it, with their metric."""
        came = self._world.advance(self._now, self._now + MINUTE)
        self._now += MINUTE
        self._requests += came.candidate_requests
        if self._scenario.fault_at is not None and self._now <= self._scenario.fault_at:
            self._before_fault = self._requests
        candidate, control = (
            merge(bucket.tally for bucket in came.buckets if bucket.arm is arm)
            for arm in (Arm.CANDIDATE, Arm.CONTROL)
        )
        asked = [(name, rule.minute(candidate, control)) for name, rule in rules.items()]
        return [(name, metric) for name, metric in asked if metric is not None]

    def _course(self, number: int, outcome: str, metric: str | None) -> Course:
        onset = self._scenario.fault_at
        begun = onset if onset is not None and onset <= self._now else None
        back = outcome == "rolled-back"
        return Course(
            number=number,
            outcome=outcome,
            gate=metric,
            before_fault=back and onset is not None and begun is None,
            false_rollback=back and begun is None,
            requests=self._requests - (self._before_fault if begun is not None else 0),
            seconds=self._now - (begun or 0.0),
            whole=self._now,
            harm=self._world.harm(),
        )
