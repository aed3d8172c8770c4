"""Where keys come from: what each source tells, what it refuses, and that it never repeats a secret."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.credentials.command import CommandKey
from tidegate.adapters.credentials.file import FileKey
from tidegate.adapters.credentials.fixed import GivenKey, VariableKey
from tidegate.adapters.credentials.secret import LONGEST, secret_of
from tidegate.domain.errors import InvalidInput

BAD = {
    "": "empty first line",
    "\nsk-hush": "empty first line",
    "   \t": "empty first line",
    "sk hush": "no HTTP header may carry",
    "sk-hush\r\rx: 1": "no HTTP header may carry",
    "clé-hush": "no HTTP header may carry",
    "sk-hush\x00": "no HTTP header may carry",
    "x" * (LONGEST + 1): "which is no key",
}


def command(code: str, *arguments: str, timeout: float = 10.0, **environ: str) -> CommandKey:
    argv = [sys.executable, "-c", code, *arguments]
    return CommandKey(argv, {**os.environ, **environ}, timeout=timeout, refresh=60.0)


@pytest.mark.parametrize("text", BAD)
async def test_what_is_no_key_is_refused_by_every_source_without_repeating_it(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "key"
    path.write_bytes(text.encode())
    printing = command("import sys; sys.stdout.write(open(sys.argv[1], newline='').read())", str(path))
    for source in (GivenKey(text), VariableKey("K", {"K": text}), FileKey(str(path)), printing):
        with pytest.raises(InvalidInput) as refused:
            await source.read()
        assert BAD[text] in str(refused.value)
        assert "hush" not in str(refused.value)


@pytest.mark.parametrize("text", ["sk-1", "sk-1\n", "  sk-1 \r\n", "sk-1\nsecond line"])
async def test_the_first_line_is_the_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_bytes(text.encode())
    assert await FileKey(str(tmp_path / "key")).read() == "sk-1"
    assert await VariableKey("K", {"K": text}).read() == "sk-1"
    assert await command("import sys; sys.stdout.write(sys.argv[1])", text).read() == "sk-1"


@given(st.binary(max_size=60))
def test_whatever_is_told_is_a_header_value_or_refused(told: bytes) -> None:
    try:
        key = secret_of(told, of="it", mend="mend it")
    except InvalidInput as refused:
        assert "mend it" in str(refused)
    else:
        assert key.isascii() and key.isprintable() and " " not in key and key


async def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(InvalidInput, match="ACME_KEY is not set: set it"):
        await VariableKey("ACME_KEY", {}).read()


@pytest.mark.parametrize("place", ["none", ".", "key/below"])
async def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, place: str) -> None:
    (tmp_path / "key").write_text("k")
    with pytest.raises(InvalidInput, match="cannot be read: "):
        await FileKey(str(tmp_path / place)).read()


async def test_a_file_tells_when_it_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    source = FileKey(str(path))
    with pytest.raises(InvalidInput):
        await source.read()
    assert not await source.changed()
    path.write_text("sk-1")
    assert await source.changed()
    assert await source.read() == "sk-1"
    assert not await source.changed()
    (tmp_path / "next").write_text("sk-2")
    (tmp_path / "next").rename(path)
    assert await source.changed()
    assert await source.read() == "sk-2"
    path.unlink()
    assert await source.changed()


async def test_a_link_that_is_swapped_is_another_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(name)
    (tmp_path / "data").symlink_to("one")
    source = FileKey(str(tmp_path / "data" / "key"))
    assert await source.read() == "one"
    (tmp_path / "swap").symlink_to("two")
    (tmp_path / "swap").rename(tmp_path / "data")
    assert await source.changed()
    assert await source.read() == "two"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('sk-hush'); sys.exit(3)", "ended with exit code 3; run it by hand"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("pass", "empty first line"),
        ("print()", "empty first line"),
        ("import sys; sys.stderr.write('sk-hush'); sys.exit(1)", "exit code 1"),
        ("print('x' * 1_000_000)", "which is no key"),
    ],
)
async def test_a_command_that_fails_says_how_and_tells_no_secret(code: str, said: str, capfd) -> None:
    with pytest.raises(InvalidInput) as refused:
        await command(code, "sk-hush").read()
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)
    assert "hush" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("program", ["/nowhere/vault", "/etc/passwd", "/"])
async def test_a_program_that_cannot_be_started_is_named(program: str) -> None:
    source = CommandKey([program], {}, timeout=1.0, refresh=60.0)
    with pytest.raises(InvalidInput, match=f"the command {program} cannot be started: "):
        await source.read()


async def test_a_late_command_is_killed_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    # The sleeps are the command's own: it has to outlast its timeout, and so has what it started.
    code = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(60)"
    )
    source = command(code, str(mark), timeout=1.5)
    began = time.monotonic()
    with pytest.raises(InvalidInput, match=r"had not ended after its timeout of 1\.5 s"):
        await source.read()
    assert time.monotonic() - began < 10
    child = int(mark.read_text())
    async with asyncio.timeout(10):
        while running(child):
            await asyncio.sleep(0.01)


def running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


async def test_a_command_has_no_shell_no_input_and_none_of_our_variables() -> None:
    code = "import os, sys; print(sys.argv[1] + sys.stdin.read() + os.environ.get('TIDEGATE_KEY', '-'))"
    source = command(code, "$HOME;`id`", TIDEGATE_KEY="hush")
    assert await source.read() == "$HOME;`id`-"


async def test_a_reading_that_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    # The sleep is the command's own: it has to be running when its reading is given up.
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(command(code, str(mark)).read())
    async with asyncio.timeout(10):
        while not mark.exists() or not mark.read_text():
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running(int(mark.read_text()))
