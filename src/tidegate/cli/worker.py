"""One worker of `tidegate up --workers`: started by its supervisor, never by a person.

`python -m tidegate.cli.worker WHERE POSTING`, both JSON: where its configuration comes from, and its place.
"""

import os
import sys
from pathlib import Path

import msgspec
import typer
import uvloop

from tidegate.bootstrap.workers.posting import Posting
from tidegate.cli.output import run
from tidegate.config import load


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What `up` was told of its configuration; read anew by each worker, so that a restart takes changes."""

    home: str | None
    config: str | None
    flags: dict[str, int | str | None]


def command(home: Path | None, config: Path | None, flags: dict[str, int | str | None]) -> list[str]:
    """The command that starts a worker, without its posting."""
    where = Where(
        home=None if home is None else str(home), config=None if config is None else str(config), flags=flags
    )
    return [sys.executable, "-m", "tidegate.cli.worker", msgspec.json.encode(where).decode()]


async def _serve(where: Where, posting: Posting) -> int:
    from tidegate.bootstrap.emulated import served_by  # noqa: PLC0415 (a wrong configuration is told before imports)
    from tidegate.bootstrap.gateway import run_worker  # noqa: PLC0415 (the same)

    settings = load(
        home=None if where.home is None else Path(where.home),
        config=None if where.config is None else Path(where.config),
        flags=where.flags,
        environ=os.environ,
    ).settings
    if posting.upstream:
        settings = served_by(settings, posting.upstream)
    return await run_worker(settings, posting)


def main() -> int:
    """Serve; returns the exit code."""
    where = msgspec.json.decode(sys.argv[1], type=Where)
    posting = msgspec.json.decode(sys.argv[2], type=Posting)
    try:
        return run(_serve(where, posting), loop_factory=uvloop.new_event_loop)
    except typer.Exit as ended:
        return ended.exit_code


if __name__ == "__main__":
    sys.exit(main())
