"""Every decision on a rollout's record comes out again from the evidence kept with it, to the byte."""

import msgspec
import pytest

from tidegate.control.loop import Controller
from tidegate.control.moves import move_rollout
from tidegate.control.replay import replay, replayed
from tidegate.domain.decision import Decision
from tidegate.domain.errors import NotFound
from tidegate.domain.rollout import Move, Phase

WHOLE = dict[str, msgspec.Raw]


@pytest.fixture
def controller(services, meter):
    return Controller(services, meter, holder="one")


@pytest.fixture
async def lived(services, controller, running, clock, serve):
    """Paused and resumed, advanced, rolled back, started again: a record with moves of every kind."""
    await serve(running, candidate=20, control=400)
    await controller.look()
    for move in (Move.PAUSE, Move.RESUME):
        clock.pass_seconds(7.25)
        await move_rollout(services, "reports", move, actor="test", reason="a look at the logs")
    clock.pass_seconds(61.5)
    await controller.look()
    second = await services.store.rollouts.get("reports")
    assert second.stage == 1
    await serve(second, candidate=40, control=40, bad=30)
    clock.pass_seconds(1)
    await controller.look()
    assert (await services.store.rollouts.get("reports")).phase is Phase.ROLLED_BACK
    clock.pass_seconds(5)
    await move_rollout(services, "reports", Move.RETRY, actor="test", reason="mended")
    third = await services.store.rollouts.get("reports")
    await serve(third, candidate=20, control=400)
    clock.pass_seconds(3)
    await controller.look()
    return await services.store.rollouts.events("rollout:reports")


async def test_a_whole_life_comes_out_again(services, lived):
    found = await replay(services, "reports")
    decided = [event for event in lived if b'"decision"' in bytes(event.data)]
    assert [event.kind for event in decided] == ["hold", "advance", "rollback", "hold"]
    assert (found["events"], found["decisions"], found["same"]) == (len(lived), 4, 4)
    assert found["differing"] == []


def changed(event, **members):
    """The event with members of its data replaced."""
    raw = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}
    data = msgspec.json.decode(event.data, type=WHOLE) | raw
    return msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))


async def test_a_decision_that_was_changed_is_found_and_the_rest_still_replayed(services, lived):
    rollout = await services.store.rollouts.get("reports")
    at = next(place for place, event in enumerate(lived) if event.kind == "rollback")
    decision = msgspec.json.decode(msgspec.json.decode(lived[at].data, type=WHOLE)["decision"], type=Decision)
    said = msgspec.structs.replace(decision, reason="somebody said so")
    events = [*lived[:at], changed(lived[at], decision=said), *lived[at + 1 :]]
    assert [each.same for each in replayed(rollout, events)] == [True, True, False, True]


async def test_evidence_that_was_changed_makes_another_decision(services, lived):
    rollout = await services.store.rollouts.get("reports")
    at = next(place for place, event in enumerate(lived) if event.kind == "rollback")
    calm = msgspec.json.decode(lived[at - 1].data, type=WHOLE)["evidence"]
    events = [*lived[:at], changed(lived[at], evidence=calm), *lived[at + 1 :]]
    differing = [each for each in replayed(rollout, events) if not each.same]
    assert [each.event.kind for each in differing] == ["rollback"]
    assert msgspec.json.decode(differing[0].again, type=Decision).move is not Move.ROLLBACK


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"move": "undo"}, "cannot undo rollout"),
        ({"before": 7}, "Expected `object`"),
        ({"move": "fly"}, "fly"),
    ],
)
async def test_a_record_that_leads_nowhere_is_told_at_its_place(services, lived, members, says):
    rollout = await services.store.rollouts.get("reports")
    events = [lived[0], changed(lived[1], **members), *lived[2:]]
    *_, last = replayed(rollout, events)
    assert (last.same, last.event.seq) == (False, lived[1].seq)
    assert says in msgspec.json.decode(last.again)["error"]


async def test_a_rollout_that_is_not_there_is_not_found(services):
    with pytest.raises(NotFound, match="nothing"):
        await replay(services, "nothing")


async def test_a_record_that_was_changed_is_found(services, lived):
    rollout = await services.store.rollouts.get("reports")
    at = next(place for place, event in enumerate(lived) if event.kind == "advance")
    record = msgspec.json.decode(msgspec.json.decode(lived[at].data, type=WHOLE)["record"])
    events = [*lived[:at], changed(lived[at], record=record | {"recommendation": "hold"}), *lived[at + 1 :]]
    assert [each.same for each in replayed(rollout, events)] == [True, False, True, True]


async def test_an_event_of_before_records_is_replayed_without_one(services, lived):
    rollout = await services.store.rollouts.get("reports")
    at = next(place for place, event in enumerate(lived) if event.kind == "advance")
    kept = msgspec.json.decode(lived[at].data, type=WHOLE)
    del kept["record"]
    older = msgspec.structs.replace(lived[at], data=msgspec.Raw(msgspec.json.encode(kept)))
    assert all(each.same for each in replayed(rollout, [*lived[:at], older, *lived[at + 1 :]]))
