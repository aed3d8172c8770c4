"""`make demo`: set the stage, tell the story, read the ledger, judge."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tidegate.domain.errors import TidegateError
from tidegate.harness.demo import plan, report
from tidegate.harness.demo.evidence import read_ledger
from tidegate.harness.demo.processes import CommandLine, ended_by_sigterm, running
from tidegate.harness.demo.story import Stage, Told, tell
from tidegate.harness.demo.summary import Summary, summarize

SKILLS = Path(__file__).parents[4] / "skills"


def main() -> int:
    """Exit code 0 only if (a), (b) and (c) came out as they must."""
    options = argparse.ArgumentParser(prog="demo", description=__doc__)
    options.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for summary and report")
    out: Path = options.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    summary = None
    try:
        summary = asyncio.run(_run(out, console))
    except* TidegateError as group:
        for refusal in group.exceptions:
            console.print(f"[red]demo failed:[/] {refusal}")
    if summary is None:
        return 1
    console.print(report.table(summary))
    for failure in summary.failures:
        console.print(f"[red]not as it must be:[/] {failure}")
    console.print(f"summary: {out / 'summary.json'}   report: {out / 'report.html'}")
    return 1 if summary.failures else 0


async def _run(out: Path, console: Console) -> Summary:
    _show_differences(console)
    with tempfile.TemporaryDirectory(prefix="tidegate-demo-") as name, ended_by_sigterm():
        folder = Path(name)
        home = folder / "home"
        profile = folder / "emulator.toml"
        profile.write_text(PROFILE)
        local = CommandLine({"TIDEGATE_HOME": str(home)})
        client = await local("keys", "create", "--role", "client", "--name", "demo-client")
        operator = await local("keys", "create", "--role", "operator", "--name", "demo-operator")
        async with (
            running(out / "emulator.log", "emulate", "--port", "0", "--profile", str(profile)) as emulator,
            running(
                out / "gateway.log", "up", "--home", str(home), "--port", "0", "--upstream", emulator
            ) as gateway,
        ):
            command = CommandLine({"TIDEGATE_URL": gateway, "TIDEGATE_KEY": str(operator["key"])})
            stage = Stage(
                emulator, gateway, str(client["key"]), str(operator["key"]), command, folder, console
            )
            await _publish(stage)
            told = await tell(stage)
            back_at, reason = await _rollback(command)
            await asyncio.sleep(1.0)
            await command.save(out / "ledger.jsonl", "ledger", "export", "--format", "jsonl")
    return _write(out, told, back_at, reason)


PROFILE = """\
# The provider in the demonstration: quick answers, and one in a hundred fails in both arms.
seed = 7
[timing]
first_token_seconds = 0.12
first_token_sigma = 0.4
token_seconds = 0.001
token_sigma = 0.2
[output]
median_tokens = 129
sigma = 0.5
[errors]
500 = 0.01
"""


async def _publish(stage: Stage) -> None:
    for folder in sorted(path for path in SKILLS.iterdir() if (path / "SKILL.md").exists()):
        version = await stage.operator("skill", "publish", str(folder), "--reason", "demonstration")
        stage.console.print(f"published {version['name']} version {version['version']}")


async def _rollback(command: CommandLine) -> tuple[float, str]:
    """When and why the second rollout was rolled back, from its event log."""
    history = await command("rollout", "history", plan.SECOND_ROLLOUT)
    events = msgspec.convert(history["events"], list[dict[str, object]])
    last = [event for event in events if event["kind"] == "rollback"][-1]
    return datetime.fromisoformat(str(last["at"])).timestamp(), str(last["reason"])


def _write(out: Path, told: Told, back_at: float, reason: str) -> Summary:
    summary = summarize(told, read_ledger(out / "ledger.jsonl"), back_at, reason)
    (out / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2))
    (out / "report.html").write_text(
        report.html(summary, told.watcher.looks, told.fault_at), encoding="utf-8"
    )
    return summary


def _show_differences(console: Console) -> None:
    table = Table(title="This plan differs from a production plan only in", title_justify="left")
    for column in ("what", "production", "demonstration"):
        table.add_column(column)
    for row in plan.differences():
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
