"""What the gateway says and refuses where no sandbox can be had; it tries before it runs anything."""

from pathlib import Path

import pytest
from sandboxes import require_namespaces, run_of

from tidegate.adapters.sandbox import checked
from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.sandbox.settings import SandboxSettings
from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.ports import ScriptRefused

pytestmark = pytest.mark.xdist_group("sandbox")  # attacks meet each other's processes

NO_NAMESPACES = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"


@pytest.fixture
def no_namespaces(tmp_path: Path) -> str:
    """A bubblewrap on a kernel that gives it no namespaces."""
    program = tmp_path / "bwrap"
    program.write_text(NO_NAMESPACES)
    program.chmod(0o755)
    return str(program)


async def tried(bwrap: str, folder: Path) -> tuple[CheckedSandbox, PrometheusMeter]:
    meter = PrometheusMeter()
    made = CheckedSandbox(SandboxSettings(bwrap=bwrap, folder=str(folder)), meter)
    await made.check()
    return made, meter


async def test_without_bubblewrap_scripts_are_refused_and_what_is_missing_is_said(tmp_path: Path) -> None:
    made, _ = await tried(str(tmp_path / "none"), tmp_path)
    assert not made.ok
    assert "no script is run" in made.detail
    assert f"sandbox.bwrap: {tmp_path}/none is no program that may be run" in made.detail
    with pytest.raises(ScriptRefused, match="scripts cannot run here"):
        await made.run(run_of("print(1)"), lambda: True)
    await made.close()


async def test_without_user_namespaces_scripts_are_refused_and_bubblewraps_words_are_told(
    tmp_path: Path, no_namespaces: str
) -> None:
    made, _ = await tried(no_namespaces, tmp_path)
    assert not made.ok
    assert "No permissions to create new namespace" in made.detail
    with pytest.raises(ScriptRefused, match="scripts cannot run here"):
        await made.run(run_of("print(1)"), lambda: True)
    await made.close()


async def test_a_script_that_comes_first_waits_for_the_trial_and_then_runs(tmp_path: Path) -> None:
    require_namespaces()
    made = CheckedSandbox(SandboxSettings(folder=str(tmp_path)), PrometheusMeter())
    made.start()
    try:
        assert (await made.run(run_of("print(1)"), lambda: True)).stdout == b"1\n"
        assert made.ok
    finally:
        await made.close()


async def test_a_trial_that_breaks_has_not_been_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise OSError(24, "Too many open files")

    require_namespaces()
    monkeypatch.setattr(checked, "troubles", broken)
    made = CheckedSandbox(SandboxSettings(folder=str(tmp_path)), meter := PrometheusMeter())
    await made.check()
    assert not made.ok
    assert "start: it could not be tried: OSError: [Errno 24] Too many open files" in made.detail
    with pytest.raises(ScriptRefused, match="scripts cannot run here"):
        await made.run(run_of("print(1)"), lambda: True)
    assert 'tidegate_sandbox_contained{check="start"} 0.0' in meter.exposition().decode()
    await made.close()
