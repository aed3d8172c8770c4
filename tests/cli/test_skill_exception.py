"""`tidegate skill exception show` says what there is to decide on, and what it does not have."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from fresh_store import fresh_store
from typer.testing import CliRunner

from tidegate.adapters.clock import SystemClock
from tidegate.cli.main import tree
from tidegate.domain.capability import Capability, Use
from tidegate.domain.scan_exception import Objection, ScanException

DIGEST = "sha256:" + "a" * 64
ASKED = ScanException(
    digest=DIGEST, name="tide-table", rules=("bad",), asked_by="ana", asked_because="ours", asked_at=0.0
)
BAD = Objection(
    rule="bad",
    severity="high",
    path="SKILL.md",
    line=5,
    title="Bad",
    excerpt="x",
    source="tidegate",
    blocks=True,
)
NOTE = Objection(
    rule="note", severity="low", path="a.bin", line=0, title="A note", excerpt="", source="other-scanner"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tree(), ["skill", "exception", *arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path))
    return tmp_path


def asked(home: Path, **more: object) -> None:
    async def ask() -> None:
        store = await fresh_store(home / "tidegate.db", SystemClock())
        await store.scan_exceptions.ask(msgspec.structs.replace(ASKED, **more))
        await store.close()

    asyncio.run(ask())


def test_findings_and_capabilities_are_shown_with_what_is_not_kept(home: Path) -> None:
    use = Use(Capability.FILES, "scripts/a.sh", 2, "rm")
    asked(home, findings=(BAD, NOTE), findings_in_all=9, uses=(use,), uses_in_all=3)
    done = run("show", DIGEST)
    assert done.stdout.splitlines() == [
        f"tide-table {DIGEST}: requested",
        "requested 1970-01-01T00:00:00.000Z by ana: ours",
        "findings: 9",
        "  blocks: SKILL.md:5: high bad: Bad: x (tidegate)",
        "  note: a.bin: low note: A note (other-scanner)",
        "  and 7 more of these kinds",
        "its scripts use",
        "  files: scripts/a.sh:2 rm",
        "  and 2 more of these kinds",
    ], done.stderr


def test_a_package_without_scripts_is_said_to_use_nothing(home: Path) -> None:
    asked(home, findings=(BAD,), findings_in_all=1)
    assert run("show", DIGEST).stdout.splitlines()[-1] == "its scripts use nothing but their input and output"


def test_what_was_requested_before_findings_were_kept_is_to_be_requested_again(home: Path) -> None:
    asked(home)
    shown = run("show", DIGEST)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[2:] == [
        "its findings were not kept when it was requested: have it requested again"
    ]


@pytest.mark.parametrize("digest", ["sha256:0", "tide-table"])
def test_what_nobody_requested_is_told_and_ends_with_1(home: Path, digest: str) -> None:
    asked(home)
    done = run("show", digest)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "tidegate skill exception list" in done.stderr
