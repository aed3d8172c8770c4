"""An audit's lines are all there, whatever breaks while they are tried."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate.bootstrap import audit as bootstrap
from tidegate.config import load
from tidegate.domain.script import ScriptResult, ScriptRun
from tidegate.harness.audit import run
from tidegate.harness.audit.catalogue import attacks
from tidegate.harness.audit.execution import Surroundings
from tidegate.harness.audit.judgement import Outcome, Verdict

AROUND = Surroundings(
    canary="canary",
    port=9,
    abstract="canary",
    paths=(),
    memory=1,
    processes=1,
    work=1,
    open_files=1,
    left_over=lambda argument: (),
)


def _broken(*_: object, **__: object) -> Outcome:
    raise KeyError("a bug")


class Sandbox:
    """Answers each script alike, or breaks."""

    def __init__(self, stdout: bytes) -> None:
        self._stdout = stdout

    async def run(self, run: ScriptRun, allowed: Callable[[], bool]) -> ScriptResult:
        if not self._stdout:
            raise KeyError("a bug")
        return ScriptResult(exit_code=0, stdout=self._stdout, stderr=b"", seconds=0.0)


async def test_a_sandbox_that_breaks_shows_nothing() -> None:
    lines = await run.try_scripts(Sandbox(b""), AROUND)
    assert len(lines) == len(run.execution.CATALOGUE)
    assert {(line.outcome.verdict, line.outcome.seen) for line in lines} == {
        (Verdict.NOT_SHOWN, "KeyError: 'a bug'")
    }


@pytest.mark.parametrize(("succeeded", "verdict"), [(b"false", Verdict.NOT_SHOWN), (b"true", Verdict.FAILED)])
async def test_without_a_neighbour_to_read_its_line_shows_nothing(succeeded: bytes, verdict: Verdict) -> None:
    sandbox = Sandbox(b'{"succeeded": %s, "seen": "x"}' % succeeded)
    lines = await run.try_scripts(sandbox, AROUND, {"other_skill": "no neighbour"})
    (line,) = (line for line in lines if line.attack.id == "execution/other_skill")
    assert line.outcome.verdict is verdict


async def test_the_report_has_every_line_where_no_gateway_and_no_sandbox_come_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "open_sandbox", _broken)
    monkeypatch.setattr(bootstrap, "audited_gateway", _broken)
    audit = await bootstrap.run_audit(load(home=tmp_path, environ={}).settings)
    assert [line.attack.id for line in audit.lines] == list(attacks())
    assert {(line.outcome.verdict, line.outcome.seen) for line in audit.lines} == {
        (Verdict.NOT_SHOWN, "KeyError: 'a bug'")
    }
