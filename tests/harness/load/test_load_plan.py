"""What a run sends and when: from the seed alone, at the rate that was asked."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.errors import InvalidInput
from tidegate.harness.load.arrivals import planned, replayed
from tidegate.harness.load.question import body
from tidegate.harness.load.run import check_target
from tidegate.harness.load.scenario import SCENARIOS, Scenario
from tidegate.harness.load.shot import Kind, Shot
from tidegate.harness.load.trace import read_trace

SEED = SCENARIOS["seed"]
HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


def scenario(**changes: object) -> Scenario:
    return msgspec.structs.replace(SEED, **changes)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(60, 6000), st.floats(1, 20))
def test_arrivals_are_in_order_within_the_run_and_the_same_for_a_seed(
    seed: int, per_minute: float, seconds: float
) -> None:
    chosen = scenario(per_minute=per_minute, seconds=seconds)
    shots = list(planned(chosen, seed=seed))
    assert shots == list(planned(chosen, seed=seed))
    assert [shot.at for shot in shots] == sorted(shot.at for shot in shots)
    assert all(0 <= shot.at <= seconds and 0 <= shot.user < chosen.users for shot in shots)


def test_the_rate_is_the_one_asked() -> None:
    shots = list(planned(scenario(seconds=600), seed=3))
    assert 9_700 < len(shots) < 10_300
    assert {shot.kind for shot in shots} == set(Kind)
    assert 0.27 < sum(shot.stream for shot in shots) / len(shots) < 0.33


def test_a_burst_is_due_all_at_once_beside_the_rest() -> None:
    shots = list(planned(scenario(seconds=60, burst=200, burst_every=20.0), seed=3))
    assert [sum(shot.at == at for shot in shots) for at in (10.0, 30.0, 50.0)] == [200, 200, 200]


def trace(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text)
    return path


ROWS = (
    HEAD
    + "2023-11-16 18:15:50.9951690,396,109\n"
    + "2023-11-16 18:15:46.9951691,374,44\n"
    + "2023-11-16 18:16:06.9951690,20,1\n"
)


def test_a_trace_keeps_its_gaps_and_lengths(tmp_path: Path) -> None:
    shots = list(replayed(scenario(per_minute=0), read_trace(trace(tmp_path, ROWS)), seed=1))
    assert [round(shot.at, 3) for shot in shots] == [0.0, 4.0, 20.0]
    assert [(shot.input_tokens, shot.output_tokens) for shot in shots] == [(374, 44), (396, 109), (20, 1)]


def test_a_trace_is_scaled_to_the_rate(tmp_path: Path) -> None:
    """Three requests in 20 s are six a minute."""
    shots = list(replayed(scenario(per_minute=60), read_trace(trace(tmp_path, ROWS)), seed=1))
    assert [round(shot.at, 3) for shot in shots] == [0.0, 0.4, 2.0]


def test_a_trace_ends_with_the_run(tmp_path: Path) -> None:
    shots = list(replayed(scenario(per_minute=0, seconds=5), read_trace(trace(tmp_path, ROWS)), seed=1))
    assert len(shots) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column TIMESTAMP"),
        (HEAD, "has no rows"),
        ("TIMESTAMP,ContextTokens\n2023-11-16 18:15:46,3\n", "no column GeneratedTokens"),
        (HEAD + "yesterday,1,2\n", "trace.csv:2"),
        (HEAD + "2023-11-16 18:15:46,1,2\n2023-11-16 18:15:46,many,2\n", "trace.csv:3"),
        (HEAD + "2023-11-16 18:15:46,-1,2\n", "negative"),
        (HEAD + "2023-11-16 18:15:46,1\n", "trace.csv:2"),
    ],
)
def test_a_wrong_trace_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_trace(trace(tmp_path, text))


def test_a_trace_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_trace(tmp_path / "none.csv")


def test_a_question_has_the_length_of_the_trace_and_asks_for_as_much() -> None:
    shot = Shot(at=0, kind=Kind.REFERENCES, user=7, stream=True, input_tokens=1000, output_tokens=44)
    sent = msgspec.json.decode(body(shot, emulated=True))
    text = sent["messages"][0]["content"]
    assert 3990 < len(text) < 4100
    assert "contract" in text
    assert text.endswith("[[tokens: 44]]")
    assert (sent["max_tokens"], sent["stream"], sent["metadata"]["user_id"]) == (44, True, "user-7")
    assert "[[tokens" not in body(shot, emulated=False).decode()


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080"])
def test_this_machine_may_be_loaded(url: str) -> None:
    check_target(url, owned=False)


@pytest.mark.parametrize(
    "url", ["https://api.example.com", "http://10.0.0.3:80", "http://127.0.0.1.example.com"]
)
def test_another_machine_may_not_unless_it_is_ones_own(url: str) -> None:
    with pytest.raises(InvalidInput, match="--i-own-this-target"):
        check_target(url, owned=False)
    check_target(url, owned=True)


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://127.0.0.1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not where a gateway can be"):
        check_target(url, owned=True)
