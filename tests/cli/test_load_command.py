"""`tidegate load`: wrong uses are refused before anything is sent; a run against an emulator is judged."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidegate.cli.main import tree
from tidegate.harness.demo.processes import child_environment
from tidegate.harness.emulator import Fault, Profile, start_emulator

TIDEGATE = str(Path(sys.executable).with_name("tidegate"))
SHORT = ("smoke", "--for", "2s", "--rate", "10/s", "--json")


async def load(*arguments: str, **environ: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        TIDEGATE,
        "load",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment(environ),
    )
    out, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), error.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("storm",), 2, "no scenario 'storm'"),
        (("smoke", "--rate", "fast"), 2, "is no rate"),
        (("smoke", "--rate", "0/s"), 2, "is no rate"),
        (("smoke", "--for", "forever"), 2, "--for"),
        (("smoke", "--for", "25h"), 2, "--for"),
        (("trace",), 2, "needs a file to replay"),
        (("smoke", "--url", "http://192.0.2.1", "--key", "k"), 1, "--i-own-this-target"),
        (("smoke", "--url", "http://127.0.0.1:9"), 1, "no client key"),
        (("trace", "--trace", "none.csv"), 1, "cannot be read"),
        (("faults", "--url", "http://127.0.0.1:9", "--key", "k"), 1, "--emulator"),
    ],
)
def test_a_wrong_use_is_refused_with_its_reason(
    arguments: tuple[str, ...], code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", child_environment())
    done = CliRunner().invoke(tree(), ["load", *arguments])
    assert done.exit_code == code, done.output
    assert says.replace(" ", "") in "".join(done.stderr.replace("│", "").split())
    assert done.stdout == ""


async def test_a_key_for_managing_is_not_taken_for_a_clients() -> None:
    code, _, error = await load("smoke", "--url", "http://127.0.0.1:9", TIDEGATE_KEY="tgk_operator_x")
    assert code == 1
    assert "TIDEGATE_CLIENT_KEY" in error


@pytest.mark.parametrize("status", [401, 403])
async def test_a_gateway_that_refuses_the_key_ends_the_run_at_once(status: int) -> None:
    emulator = await start_emulator(Profile(), keys=("good",))
    try:
        if status == 403:
            emulator.set_faults([Fault(kind="status", status=403)])
        environ = {"TIDEGATE_CLIENT_KEY": "good" if status == 403 else "bad"}
        began = time.monotonic()
        code, out, error = await load("seed", "--url", emulator.url, **environ)
        assert time.monotonic() - began < 60, "the scenario takes five minutes"
        assert (code, out) == (1, "")
        assert f"answered the first requests with {status}" in error
        assert "TIDEGATE_CLIENT_KEY" in error
        assert emulator.counts.requests < 500
    finally:
        await emulator.close()


async def test_a_run_is_told_judged_and_drawn(tmp_path: Path) -> None:
    emulator = await start_emulator(Profile())
    try:
        page = tmp_path / "load.html"
        code, out, error = await load(*SHORT, "--url", emulator.url, "--key", "k", "--html", str(page))
        told = json.loads(out)
        assert told["requests"] == emulator.counts.requests > 5
        assert told["failures"] == {}
        assert (code == 0) == (told["missed"] == []), error
        assert "<svg" in page.read_text()
        emulator.set_faults([Fault(kind="status", status=500)])
        code, out, _ = await load(*SHORT, "--url", emulator.url, "--key", "k")
        assert code == 1
        assert "100.00% of the requests failed; promised: under 2%" in json.loads(out)["missed"]
    finally:
        await emulator.close()


async def test_a_recorded_trace_is_replayed(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    rows = [f"2023-11-16 18:15:{n:02}.0000000,100,7" for n in range(20)]
    trace.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]))
    emulator = await start_emulator(Profile())
    try:
        target = ("--url", emulator.url, "--key", "k", "--emulator", emulator.url)
        _, out, error = await load("trace", "--trace", str(trace), "--rate", "10/s", "--json", *target)
        assert json.loads(out)["requests"] == 20, error
        assert emulator.counts.usage.output_tokens == 20 * 7
    finally:
        await emulator.close()
