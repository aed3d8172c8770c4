"""The script of the log-digest skill, run as a user runs it."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "skills" / "log-digest" / "scripts" / "log_digest.py"

LOG = """\
2026-01-31T10:00:00Z INFO start 17
2026-01-31T10:02:11Z ERROR pool exhausted after 30 s for user 0a1b2c3d4e
Traceback (most recent call last):
  File "pool.py", line 7, in take
2026-01-31T10:02:12,500Z [WARN] retrying "checkout" on 10.0.0.7:5432
2026-01-31T10:02:14Z ERROR pool exhausted after 31 s for user 99ffee0011
2026-01-31T12:03:00+02:00 ERROR pool exhausted after 5 s for user 77aa66bb55

a line of nothing in particular
"""


def run(*arguments: str, text: str = LOG) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)


def document(*arguments: str, text: str = LOG) -> dict[str, Any]:
    done = run("--json", *arguments, text=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_equal_messages_are_one_group_with_first_last_and_burst() -> None:
    group = document()["groups"][0]
    assert group["level"] == "error"
    assert group["pattern"] == "pool exhausted after <n> s for user <hex>"
    assert group["count"] == 3
    assert (group["last"] - group["first"], group["busiest"]) == (49.0, 2)
    assert group["example"].endswith("for user 0a1b2c3d4e")


def test_continuations_belong_to_the_message_before() -> None:
    found = document()
    assert (found["lines"], found["messages"]) == (9, 6)
    assert found["levels"] == {"info": 1, "error": 3, "warning": 1, "none": 1}


def test_severe_groups_come_first_then_frequent_ones() -> None:
    assert [group["level"] for group in document()["groups"]] == ["error", "warning", "info", "none"]


def test_only_the_asked_level_and_period_are_counted() -> None:
    assert document("--level", "warning")["levels"] == {"error": 3, "warning": 1}
    period = document("--since", "2026-01-31T10:02:12Z", "--until", "2026-01-31T10:02:14Z")
    assert period["levels"] == {"warning": 1}


def test_clock_times_without_a_date_are_understood() -> None:
    found = document(text="10:02:11 ERROR pool exhausted\n10:02:14 ERROR pool exhausted\n")
    assert found["groups"][0]["last"] - found["groups"][0]["first"] == 3.0
    assert "10:02:11 .. 10:02:14" in run(text="10:02:11 ERROR x\n10:02:14 ERROR x\n").stdout


def test_several_files_packed_or_not_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(LOG.encode()))
    assert document(str(tmp_path / "a.log"), str(tmp_path / "b.log.gz"))["messages"] == 12


def test_the_text_says_how_much_was_left_out() -> None:
    assert "3 more patterns; --top shows more" in run("--top", "1").stdout


def test_an_empty_log_is_no_error() -> None:
    done = run(text="")
    assert (done.returncode, done.stdout) == (0, "0 lines, 0 messages: none that was asked for\n")


def test_what_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"ERROR caf\xe9\n\x00\xff\n")
    assert document(str(tmp_path / "a.log"))["messages"] == 2


def test_impossible_times_are_text() -> None:
    assert document(text="2026-13-45T99:99:99Z ERROR x\n")["groups"][0]["first"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["/nowhere.log"], 1, "cannot read"),
        (["--top", "0"], 2, "not a whole number above 0"),
        (["--level", "loud"], 2, "invalid choice"),
        (["--since", "yesterday"], 2, "is no time; write 2026-01-31T12:00:00Z"),
    ],
)
def test_bad_calls_say_what_is_wrong(arguments: list[str], code: int, said: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert said in done.stderr


def test_a_long_hostile_line_takes_no_time() -> None:
    text = "".join(f"{opening * 200_000}\n" for opening in ("a@", "'", '"', "1.", "0x", "-", "f"))
    assert document(text=text)["messages"] == 7
