import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.chain import Head, digest, link, verify
from tidegate.domain.rollout import Event

TEXTS = st.text(max_size=5)
JSON = st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=2).map(
    msgspec.json.encode
)
EVENTS = st.lists(
    st.builds(Event, stream=st.just("keys"), seq=st.just(0), at=st.floats(0, 1e10), actor=TEXTS, kind=TEXTS,
              reason=TEXTS, data=JSON.map(msgspec.Raw)), min_size=1, max_size=6,
)  # fmt: skip


def _chain(unchained: list[Event]) -> tuple[list[Event], Head | None]:
    events: list[Event] = []
    head: Head | None = None
    for new in unchained:
        events.append(link(head, new))
        head = Head(events[-1].seq, events[-1].hash)
    return events, head


@given(EVENTS)
def test_an_untouched_chain_is_whole_and_numbered_from_one(unchained: list[Event]) -> None:
    events, head = _chain(unchained)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert verify(events) is None
    assert verify(events, head) is None


@given(EVENTS, st.data())
def test_any_changed_field_is_found_at_its_event(unchained: list[Event], data: st.DataObject) -> None:
    events, head = _chain(unchained)
    at = data.draw(st.integers(0, len(events) - 1))
    name = data.draw(
        st.sampled_from(["stream", "at", "actor", "kind", "reason", "data", "previous_hash", "hash"])
    )
    changed = {"at": events[at].at + 1.0, "data": msgspec.Raw(bytes(events[at].data) + b" ")}
    value = changed.get(name, f"{getattr(events[at], name)}x")
    events[at] = msgspec.structs.replace(events[at], **{name: value})
    assert verify(events, head) == at + 1


@given(EVENTS, st.data())
def test_a_missing_or_repeated_event_is_found(unchained: list[Event], data: st.DataObject) -> None:
    events, head = _chain(unchained)
    at = data.draw(st.integers(0, len(events) - 1))
    assert verify([*events[:at], *events[at + 1 :]], head) == at + 1
    assert verify([*events[: at + 1], *events[at:]], head) == at + 2


@given(EVENTS)
def test_a_rewritten_chain_differs_from_its_head(unchained: list[Event]) -> None:
    _, head = _chain(unchained)
    unchained[-1] = msgspec.structs.replace(unchained[-1], reason=unchained[-1].reason + "x")
    rewritten, _ = _chain(unchained)
    assert verify(rewritten) is None
    assert verify(rewritten, head) == len(rewritten)


def test_the_digest_is_fixed_for_ever() -> None:
    event = Event(
        stream="switch", seq=1, at=1.5, actor="ann", kind="off", reason="é", data=msgspec.Raw(b"{}")
    )
    assert digest(event) == "4857bf1dd47c870bea9f88082f47d8629084b462d03d142bd9cce41f936c0bf9"
