"""`tidegate emulate` as a process: says where it listens, and ends when told."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidegate.cli.emulate import app
from tidegate.harness.emulator.speed import request_bytes

COMMAND = [str(Path(sys.executable).with_name("tidegate")), "emulate"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_serves_and_ends_cleanly(number):
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("emulator listening on http://127.0.0.1:")
            with urllib.request.urlopen(line.split()[-1] + "/emulator/counts") as answer:
                assert answer.status == 200
        finally:
            process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize("command", [COMMAND, [COMMAND[0], "up", "--emulator"]], ids=["emulate", "up"])
def test_json_prints_the_address_as_one_line(command, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    with subprocess.Popen(
        [*command, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment | {"TIDEGATE_HOME": str(tmp_path / "home"), "TIDEGATE_DRAIN_DELAY": "0s"},
    ) as process:
        try:
            document = json.loads(process.stdout.readline())
            assert list(document) == (["url", "emulator"] if "up" in command else ["url"])
            url = document["url"]
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
                assert url.startswith("http://127.0.0.1:")
        finally:
            process.terminate()
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--port", "0", "--profile", "/nowhere.toml"], 1, "give instant, realistic or a TOML file"),
        (["--port", "70000"], 2, "65535"),
        (["--port", "many"], 2, "--port"),
        ([], 2, "--port"),
    ],
)
def test_a_wrong_call_is_refused_with_a_reason(arguments, code, message):
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code
    assert message in done.stderr


def test_a_wrong_profile_names_file_and_field(tmp_path):
    path = tmp_path / "slow.toml"
    path.write_text("speed = 3\n")
    done = CliRunner().invoke(app, ["--port", "0", "--profile", str(path)])
    assert done.exit_code == 1
    assert f"{path}: Object contains unknown field `speed`" in done.stderr


def test_a_taken_port_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(app, ["--port", str(taken.getsockname()[1])])
    assert done.exit_code == 1
    assert "choose another --port" in done.stderr


def test_the_measuring_request_is_a_good_one():
    head, _, body = request_bytes(stream=True, prompt_bytes=10).partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
