"""`gateway.json` leads to a living gateway of the home, whichever of several goes down first."""

from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tidegate.bootstrap.living import living
from tidegate.bootstrap.note import announced
from tidegate.domain.errors import InvalidInput


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def start(home: Path, port: int) -> ExitStack:
    """A gateway of the home that has said where it listens."""
    stack = ExitStack()
    stack.enter_context(living(home, f"process-{port}"))
    stack.enter_context(announced(home, url(port), f"process-{port}"))
    return stack


def noted(home: Path) -> str:
    return msgspec.json.decode((home / "gateway.json").read_bytes())["url"]


def test_the_note_is_there_while_the_gateway_lives(tmp_path: Path) -> None:
    with start(tmp_path, 1):
        assert noted(tmp_path) == url(1)
    assert not (tmp_path / "gateway.json").exists()
    assert list((tmp_path / "processes").iterdir()) == []


@pytest.mark.parametrize("other", [b'{"url":"http://127.0.0.1:2","pid":1}', b"not json"])
def test_a_note_of_somebody_else_is_left_alone(tmp_path: Path, other: bytes) -> None:
    with start(tmp_path, 1):
        (tmp_path / "gateway.json").write_bytes(other)
    assert (tmp_path / "gateway.json").read_bytes() == other


def test_a_second_gateway_that_goes_down_leaves_the_note_to_the_first(tmp_path: Path) -> None:
    with start(tmp_path, 1):
        with start(tmp_path, 2):
            assert noted(tmp_path) == url(2)
        assert noted(tmp_path) == url(1)
    assert not (tmp_path / "gateway.json").exists()


def test_a_first_gateway_that_goes_down_leaves_the_second_its_note(tmp_path: Path) -> None:
    first = start(tmp_path, 1)
    with start(tmp_path, 2):
        first.close()
        assert noted(tmp_path) == url(2)
    assert not (tmp_path / "gateway.json").exists()


def test_the_note_is_not_left_to_a_dead_process_or_to_one_that_does_not_listen(tmp_path: Path) -> None:
    with living(tmp_path, "starting"), start(tmp_path, 1):
        (tmp_path / "processes" / "dead").write_bytes(b'{"url":"http://127.0.0.1:3","pid":3}')
    assert not (tmp_path / "gateway.json").exists()


def test_a_home_that_does_not_take_the_note_is_told(tmp_path: Path) -> None:
    (tmp_path / "gateway.json").mkdir()
    with pytest.raises(InvalidInput, match="cannot be used"):
        start(tmp_path, 1)
