"""`/api/rollouts`: start, watch and move rollouts."""

from collections.abc import Mapping
from typing import cast

import msgspec
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tidegate.control.commit import Committed
from tidegate.control.history import history, verify
from tidegate.control.linked_approval import make_link
from tidegate.control.moves import move_rollout
from tidegate.control.observe import Observer
from tidegate.control.replay import replay
from tidegate.control.revise import revise_rollout
from tidegate.control.spec_gates import kept_only, unwatched
from tidegate.control.start import start_rollout
from tidegate.control.status import RolloutStatus, status, status_of, summaries
from tidegate.control.unsynced import unsynced
from tidegate.domain.power import weak_spots
from tidegate.domain.rollout import Move
from tidegate.web.control_api.access import Control, Plane, Who, router_under
from tidegate.web.control_api.answers import answer, carried

router = router_under("rollouts", "rollouts")


class StartBody(BaseModel):
    """A rollout spec as YAML text, and why it is started."""

    model_config = ConfigDict(extra="forbid")
    spec: str
    reason: str


class ReasonBody(BaseModel):
    """Why a change is made."""

    model_config = ConfigDict(extra="forbid")
    reason: str


@router.post("", status_code=201)
async def start(body: StartBody, control: Plane, who: Who) -> Response:
    """Start a rollout from its spec."""
    started = await start_rollout(control.services, body.spec, actor=who.actor, reason=body.reason)
    plan = started.committed.rollout.plan
    warnings = [
        *kept_only(plan),
        *unwatched(plan),
        *await unsynced(control.services, plan),
        *weak_spots(plan, started.past),
    ]
    return await _moved(control, started.committed, 201, {"warnings": warnings})


@router.get("")
async def list_rollouts(control: Plane) -> Response:
    """Every rollout, newest first."""
    return answer({"rollouts": await summaries(control.services)})


@router.get("/{name}")
async def get_status(name: str, control: Plane) -> Response:
    """One rollout: state, evidence per arm, gates, savings, last decision."""
    return answer(await status(control.services, control.observer, name))


@router.get("/{name}/history")
async def get_history(name: str, control: Plane) -> Response:
    """Every event of a rollout, oldest first."""
    return answer({"rollout": name, "events": await history(control.services, name)})


@router.get("/{name}/link")
async def get_link(name: str, key: str, control: Plane, who: Who) -> Response:
    """A link by which the holder of an operator's key promotes what awaits approval."""
    return answer(await make_link(control.services, name, key, made_by=who.actor))


@router.get("/{name}/verify")
async def get_verify(name: str, control: Plane) -> Response:
    """Whether the hash chain of a rollout's events is unbroken."""
    return answer(await verify(control.services, name))


@router.get("/{name}/replay")
async def get_replay(name: str, control: Plane) -> Response:
    """Whether every decision on record comes out again, to the byte, from the evidence kept with it."""
    return answer(await replay(control.services, name))


@router.post("/{name}/revise")
async def post_revise(name: str, body: StartBody, control: Plane, who: Who) -> Response:
    """Take the candidate of an edited spec: at once, or with the next stage where approval is awaited."""
    done = await revise_rollout(control.services, name, body.spec, actor=who.actor, reason=body.reason)
    return await _moved(control, done.committed, more={"changes": msgspec.to_builtins(done.changes)})


@router.post("/{name}/{move}")
async def post_move(name: str, move: Move, body: ReasonBody, control: Plane, who: Who) -> Response:
    """Promote, pause, resume, abort, undo or retry a rollout."""
    done = await move_rollout(control.services, name, move, actor=who.actor, reason=body.reason)
    return await _moved(control, done)


async def _moved(
    control: Control, done: Committed, code: int = 200, more: Mapping[str, object] | None = None
) -> Response:
    document = await (_would_be(control, done) if control.services.dry else _now(control, done))
    fields = cast("dict[str, object]", msgspec.to_builtins(document))
    return await carried(control.services, done.revision, {**fields, **(more or {})}, code)


async def _now(control: Control, done: Committed) -> RolloutStatus:
    return await status(control.services, control.observer, done.rollout.name)


async def _would_be(control: Control, done: Committed) -> RolloutStatus:
    """What is kept of evidence is of the stage that the rollout is in, not of one that it would be in."""
    return await status_of(control.services, Observer(control.services.store.ledger), done.rollout)
