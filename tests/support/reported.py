"""A rollout with a past, for tests of reports: two stages, a pause, a switch, votes, and the time after."""

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from fresh_store import fresh_store

from tidegate.adapters.storage.store import Store, open_store
from tidegate.control.commit import Judged, commit
from tidegate.control.services import Services
from tidegate.domain.access import Switch
from tidegate.domain.decision import decide
from tidegate.domain.exchange import Arm, Exchange, Outcome, SkillUse, Stakes, Usage, Vote
from tidegate.domain.observation import begin, observe
from tidegate.domain.rollout import (
    After,
    Eligible,
    ErrorsGate,
    ExpectedCost,
    Gates,
    LatencyGate,
    Move,
    Phase,
    Plan,
    Rollout,
    SamplesGate,
    SavingsGate,
    SkillRef,
    Stage,
    TripGate,
    Unit,
    Variant,
)
from tidegate.domain.state import StageKey
from tidegate.domain.transition import apply

NAME = "contract-skills"
HOUR = 3600.0
DAY = 24 * HOUR
PER_HOUR = 20
BEGIN = datetime(2025, 11, 26, 6, tzinfo=UTC).timestamp()
"""A Wednesday of ISO week 48; the canary lasts until Friday 06:00, the last stage until Saturday 06:00."""

NOW = datetime(2025, 11, 30, 12, tzinfo=UTC).timestamp()
USE = SkillUse("contract-analysis", 3, "pattern", 1.0)
EXPECTED = ExpectedCost(base=0.0164, per_byte=0.0, cap=0.03)


@dataclass(slots=True)
class SetClock:
    """A clock that stands until it is set."""

    at: float = NOW

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def make_plan(unit: Unit = Unit.REQUEST, name: str = NAME) -> Plan:
    """Two stages, 20 % and all but a holdout of 10 %, which is kept for a day after."""
    return Plan(
        name=name,
        unit=unit,
        eligible=Eligible(),
        baseline=Variant(),
        candidate=Variant(skills=(SkillRef("contract-analysis", 3, "sha256:3"),), model="claude-haiku-4-5"),
        stages=(
            Stage(name="canary", weight=2000, bake_seconds=40 * HOUR),
            Stage(name="full", weight=10_000, bake_seconds=20 * HOUR, promote="auto", holdout=1000),
        ),
        gates=Gates(
            errors=ErrorsGate(max=0.05),
            latency=LatencyGate(p95=8.0, limits=(2.0, 8.0)),
            savings=SavingsGate(min=0.2, floor=0.1, expected=EXPECTED if unit is Unit.REQUEST else None),
            samples=SamplesGate(min=50),
            trip=TripGate(errors=0.5, over=20),
        ),
        after=After(holdout=1000, for_seconds=DAY),
    )


class Past:
    """Fills a store with the past of one rollout."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self.store = store
        self.services = Services(store, SetClock())
        self.rollout = Rollout(
            name=plan.name, plan=plan, phase=Phase.DRAFT, salt="00" * 16, created_at=BEGIN, created_by="ada"
        )
        self._draw = Random(11)
        self.made = 0

    async def decide(self, at: float) -> None:
        """What the controller makes of the evidence at that time."""
        before = self.rollout
        key = StageKey(before.name, before.attempt, before.stage)
        evidence = observe(begin(before), before, await self.store.ledger.evidence(key, latest=20))
        judged = Judged(decide(before, evidence, at), evidence)
        await self.move(judged.decision.move, at, judged.decision.reason, "controller", judged)

    async def move(
        self, move: Move | None, at: float, reason: str, actor: str = "ada", judged: Judged | None = None
    ) -> None:
        """A move by a person, or the controller's with what it judged."""
        before = self.rollout
        after = (
            before
            if move is None
            else apply(before, move, at, salt="11" * 16 if move is Move.RETRY else None)
        )
        begun = after if move is Move.START else before
        done = await commit(
            self.services, begun, after, move=move, actor=actor, reason=reason, at=at, judged=judged
        )
        self.rollout = done.rollout

    async def traffic(self, since: float, hours: int, *, share: float) -> None:
        """Requests at even distances, `share` of them the candidate's."""
        made = [
            self._exchange(since + (place + 0.5) * HOUR / PER_HOUR, share)
            for place in range(hours * PER_HOUR)
        ]
        await self.store.ledger.ingest(made, [])
        for each in made[::17]:
            vote = "down" if self._draw.random() < 0.3 else "up"
            comment = f"{vote}, said of {each.id}" if self._draw.random() < 0.3 else None
            await self.store.ledger.vote(
                Vote(request_id=each.id, vote=vote, at=each.finished_at + 60, tenant="acme", comment=comment)
            )

    def _exchange(self, at: float, share: float) -> Exchange:
        draw, plan, rollout = self._draw, self.rollout.plan, self.rollout
        self.made += 1
        number = self.made
        unit = f"u{draw.randrange(90)}" if plan.unit is Unit.USER else f"u{number}"
        lot = hash_of(unit) if plan.unit is Unit.USER else draw.random()
        candidate = lot < share
        triggered = draw.random() < 0.8
        served = candidate and triggered
        bad = draw.random() < 0.02
        cached = served and draw.random() < 0.1
        running = rollout.phase is not Phase.COMPLETED
        certifies = plan.unit is Unit.REQUEST and triggered and running
        tokens = draw.randrange(200, 900)
        cost = round(tokens * (0.00001 if served else 0.00003), 6)
        outcome = draw.choice((Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_TIMEOUT)) if bad else Outcome.OK
        return Exchange(
            id=f"req_{number:06d}",
            at=at,
            finished_at=at + 0.5,
            tenant="acme",
            key_id="key_1",
            unit_hash=unit,
            conversation_hash=f"talk-{number // 3}" if number % 5 else "",
            rollout=rollout.name,
            attempt=rollout.attempt,
            stage=rollout.stage if running else None,
            stage_name=rollout.current.name if running else None,
            stage_since=rollout.stage_since,
            unit_kind=plan.unit,
            arm=Arm.CANDIDATE if candidate else Arm.CONTROL,
            triggered=triggered,
            counted=running,
            skills=(USE,) if served else (),
            wanted=(USE,) if triggered and not candidate else (),
            model="claude-haiku-4-5" if served else "claude-sonnet-4-5",
            outcome=outcome,
            skill_outcome=Outcome.OK if served else None,
            status=500 if bad else 200,
            seconds=round(draw.lognormvariate(0.3, 0.4), 3),
            usage=Usage() if cached or bad else Usage(tokens, tokens // 4, tokens // 10),
            cost_usd=None if bad else 0.0 if cached else cost,
            cache="hit" if cached else None,
            fallback="skill_timeout" if served and number % 40 == 0 else None,
            stakes=Stakes(EXPECTED.base, EXPECTED.cap, share, 0.2, 0.1) if certifies else None,
            message_id=f"msg_{number:06d}",
        )


def hash_of(unit: str) -> float:
    """Where a unit falls, from 0 to 1, the same at every request."""
    return (int(unit[1:]) * 0.6180339887) % 1.0


_MADE: dict[tuple[Unit, bool], bytes] = {}


async def reported(path: Path, unit: Unit = Unit.REQUEST, *, running: bool = False) -> Past:
    """A store at `path` with all of it, or (`running`) with its first stage, which goes on."""
    if (unit, running) not in _MADE:
        with tempfile.TemporaryDirectory() as folder:
            pattern = Path(folder) / "made.db"
            await (await _made(pattern, unit, running=running)).store.close()
            _MADE[unit, running] = _content(pattern)
    _put(path, _MADE[unit, running])
    past = Past(await open_store(f"sqlite:///{path}", clock=SetClock()), make_plan(unit))
    past.rollout = await past.store.rollouts.get(NAME) or past.rollout
    past.made = 100_000  # further exchanges have other ids
    return past


async def _made(path: Path, unit: Unit, *, running: bool) -> Past:
    past = Past(await fresh_store(path, SetClock()), make_plan(unit))
    await past.move(Move.START, BEGIN, "reads contracts better")
    await past.traffic(BEGIN, 20, share=0.2)
    await past.move(Move.PAUSE, BEGIN + 20 * HOUR, "the provider is down")
    await past.store.switches.off(
        Switch(scope="skill", target="contract-analysis", by="bob", reason="to be safe", at=BEGIN + 20 * HOUR)
    )
    await past.store.switches.on(
        "skill", "contract-analysis", by="bob", reason="all is well", at=BEGIN + 22 * HOUR
    )
    await past.move(Move.RESUME, BEGIN + 22 * HOUR, "it is up again")
    await past.traffic(BEGIN + 22 * HOUR, 24, share=0.2)
    if running:
        return past
    await past.decide(BEGIN + 46 * HOUR)
    await past.move(Move.PROMOTE, BEGIN + 48 * HOUR, "looks good")
    await past.traffic(BEGIN + 48 * HOUR, 24, share=0.9)
    await past.decide(BEGIN + 72 * HOUR)
    await past.traffic(BEGIN + 72 * HOUR, 24, share=0.9)
    return past


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
