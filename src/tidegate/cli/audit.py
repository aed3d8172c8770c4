"""`tidegate audit`: try the attack catalogue on this installation, and write a report for an auditor."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.options import AsJson
from tidegate.cli.output import emit_table, run, say
from tidegate.config import Settings, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.harness.audit.judgement import Audit

EPILOG = (
    "It starts a gateway of its own on loopback, with this installation's settings on an empty home and "
    "store; the installation's data, keys and providers are not touched. Exit 1 where an attack succeeded "
    "or could not be shown to fail."
)

app = typer.Typer(subcommand_metavar="", help="Try the attack catalogue on this installation.", epilog=EPILOG)


@app.callback(invoke_without_command=True)
def audit(
    *,
    home: Annotated[Path | None, typer.Option(help="Home folder; else TIDEGATE_HOME or ~/.tidegate.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Configuration file; else tidegate.toml in the home.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for audit.json, audit.md and audit.html.")] = Path(
        "audit"
    ),
    as_json: AsJson = False,
) -> None:
    """Try every attack, write the report, and exit 1 where one was not shown to fail."""
    settings = run(_settings(home, config))
    done, written = run(_audited(settings, out))
    if as_json:
        from tidegate.harness.audit import report  # noqa: PLC0415 (see _audited)

        say(report.document(done).decode())
    else:
        _tell(done, written)
    raise typer.Exit(0 if done.held else 1)


async def _settings(home: Path | None, config: Path | None) -> Settings:
    return load(home=home, config=config, flags={}, environ=os.environ).settings


async def _audited(settings: Settings, out: Path) -> "tuple[Audit, Sequence[Path]]":
    """The audit and its report; a folder that cannot be written to is told before anything is tried."""
    from tidegate.bootstrap.audit import run_audit  # noqa: PLC0415 (a wrong configuration is told before imports)
    from tidegate.harness.audit import report  # noqa: PLC0415 (as above)

    report.make(out)
    done = await run_audit(settings, before=report.findings_before(out))
    return done, report.write(done, out)


def _tell(done: "Audit", written: "Sequence[Path]") -> None:
    """What did not hold, line by line, then the sums by question."""
    rows = [
        (line.attack.id, line.attack.grade, line.outcome.verdict, line.attack.tried, line.outcome.seen)
        for line in done.lines
        if line.outcome.verdict != "held"
    ]
    emit_table("did not hold", ("attack", "severity", "verdict", "tried", "seen"), rows, empty="all held")
    questions = sorted({line.attack.question for line in done.lines})
    sums = [
        (
            question,
            *(
                str(
                    sum(
                        line.attack.question == question and line.outcome.verdict == verdict
                        for line in done.lines
                    )
                )
                for verdict in ("held", "failed", "not-shown")
            ),
        )
        for question in questions
    ]
    emit_table("by question", ("question", "held", "failed", "not shown"), sums, empty="")
    say(f"{len(done.lines)} attacks in {done.seconds:.0f} s; {', '.join(map(str, written))}")
