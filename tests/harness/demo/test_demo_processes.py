"""The demonstration's processes work on their own gateway, whatever the caller's terminal is set to."""

import asyncio
from pathlib import Path

import pytest

from tidegate.harness.demo import processes
from tidegate.harness.demo.processes import CommandLine, child_environment, running


def test_a_child_gets_what_it_is_given_and_no_setting_of_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_STORE_URL", "postgresql://the-callers/own")
    monkeypatch.setenv("TIDEGATE_HOME", "/the/callers/own")
    monkeypatch.setenv("OTHERS", "kept")
    environment = child_environment({"TIDEGATE_HOME": "/given"})
    assert {name for name in environment if name.startswith("TIDEGATE_")} == {"TIDEGATE_HOME"}
    assert environment["TIDEGATE_HOME"] == "/given"
    assert environment["OTHERS"] == "kept"


async def test_processes_start_in_a_terminal_that_is_set_to_another_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_SERVER_PORT", "a wrong setting, which would stop a start")
    monkeypatch.setenv("TIDEGATE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDEGATE_STORE_URL", f"sqlite:///{tmp_path}/callers.db")
    home = tmp_path / "home"
    local = CommandLine({"TIDEGATE_HOME": str(home)})
    await local("keys", "create", "--role", "client", "--name", "client")
    up = ("up", "--home", str(home), "--port", "0", "--upstream", "http://127.0.0.1:9")
    async with running(tmp_path / "log", *up) as url:
        assert url.startswith("http://127.0.0.1:")
    assert (home / "tidegate.db").exists()
    assert not (tmp_path / "callers.db").exists()


async def test_a_cancellation_that_comes_with_the_announcement_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens, announced = asyncio.Event(), asyncio.Event()

    async def announces(*_: object) -> str:
        listens.set()
        await announced.wait()
        return "http://127.0.0.1:1"

    async def run() -> None:
        async with running(tmp_path / "log", "emulate", "--port", "0"):
            await asyncio.Event().wait()

    monkeypatch.setattr(processes, "_announced_url", announces)
    task = asyncio.create_task(run())
    await listens.wait()
    announced.set()
    for _ in range(2):  # until it is said, and not yet heard
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=30)
    assert done, "it goes on as if nobody had ended it"
    assert task.cancelled() or task.exception() is not None  # ended before it could end well
