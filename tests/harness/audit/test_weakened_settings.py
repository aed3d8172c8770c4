"""Settings that were weakened on purpose are each found by the audit, and nothing else is."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tidegate.bootstrap.audit import audited_gateway, run_audit
from tidegate.config import load
from tidegate.domain.access import Role
from tidegate.harness.audit import run
from tidegate.harness.audit.judgement import Verdict
from tidegate.harness.audit.run import try_gateway, try_packages
from tidegate.harness.audit.uploads import UPLOADS
from tidegate.registry.scan.gate import Gate as ScanGate
from tidegate.registry.scan.policy import Policy, policy_of
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScope
from tidegate.web.skills_api import app as skills_app

RAISED = {
    "TIDEGATE_PACKAGES_RATIO": ("1032", "upload/bomb-ratio"),
    "TIDEGATE_PACKAGES_FILES": ("501", "upload/too-many-files"),
    "TIDEGATE_PACKAGES_FILE": ("26MB", "upload/file-too-large"),
    "TIDEGATE_PACKAGES_UNPACKED": ("31MB", "upload/package-too-large"),
    "TIDEGATE_PACKAGES_SKILL_MD": ("2MiB", "upload/skill-md-too-large"),
    "TIDEGATE_PACKAGES_FRONTMATTER": ("128KiB", "upload/frontmatter-too-large"),
}
"""Settings of the validator: a value, and the attack that it lets through."""

HASTY = {"TIDEGATE_SERVER_HEAD_TIMEOUT": "300ms", "TIDEGATE_SERVER_BODY_TIMEOUT": "300ms"}


async def found(settings: Mapping[str, str], tmp_path: Path) -> dict[str, Verdict]:
    """The packages that are not refused under these settings, each published by every way."""
    given = load(home=tmp_path / "home", environ=settings).settings
    (tmp_path / "own").mkdir(mode=0o700)
    async with audited_gateway(given, tmp_path / "own") as target:
        lines = await try_packages(target)
    return {line.attack.id: line.outcome.verdict for line in lines if line.outcome.verdict != "held"}


@pytest.mark.xdist_group("audit")
@pytest.mark.parametrize("setting", RAISED)
async def test_a_raised_limit_of_the_validator_is_found(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the attack on it; all of them are held elsewhere where no setting is weakened."""
    value, attack = RAISED[setting]
    monkeypatch.setattr(run.scanning, "ATTACKS", ())
    monkeypatch.setattr(run, "UPLOADS", [each for each in UPLOADS if each.attack.id == attack])
    assert await found({setting: value}, tmp_path) == {attack: Verdict.FAILED}


@pytest.mark.xdist_group("audit")
async def test_nothing_else_is_found_where_every_limit_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.scanning, "ATTACKS", ())  # the scanner has no such limit
    values = {setting: value for setting, (value, _) in RAISED.items()}
    attacks = {attack: Verdict.FAILED for _, attack in RAISED.values()}
    assert await found(values, tmp_path) == attacks


@pytest.mark.xdist_group("audit")
async def test_a_scanner_that_blocks_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "UPLOADS", ())
    open_to_all = await found({"TIDEGATE_SCAN_BLOCK": "never"}, tmp_path)
    assert set(open_to_all.values()) == {Verdict.FAILED}
    assert len(open_to_all) == len(run.scanning.ATTACKS)
    assert Policy() == policy_of("high")


@pytest.mark.xdist_group("audit")
async def test_a_sandbox_that_is_off_is_found_and_nothing_else(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "home", environ={**HASTY, "TIDEGATE_SANDBOX_ENABLED": "false"}).settings
    audit = await run_audit(settings)
    assert not audit.held
    bad = {finding.id: finding for finding in audit.findings}
    assert {name.partition("/")[0] for name in bad} == {"execution", "gateway"}
    assert [name for name in bad if name.startswith("gateway")] == [
        "gateway/forged-result",
        "gateway/sealed-result",
    ]
    assert bad["execution/tcp"].seen == "no script runs: sandbox.enabled is false"
    assert sum(name.startswith("execution") for name in bad) == len(run.execution.CATALOGUE)
    assert not (tmp_path / "home").exists()


@pytest.mark.xdist_group("audit")
@pytest.mark.parametrize(
    ("row", "loosened"),
    [
        ("GET /api/keys", RouteScope(frozenset({Role.VIEWER, Role.PUBLISHER}))),
        ("POST /v1/skills", RouteScope(frozenset({Role.PUBLISHER}), everywhere=False)),
    ],
)
async def test_a_scope_that_is_removed_is_found(tmp_path: Path, row: str, loosened: RouteScope) -> None:
    settings = load(home=tmp_path / "home", environ=HASTY).settings
    (tmp_path / "own").mkdir(mode=0o700)
    async with audited_gateway(settings, tmp_path / "own", {**ROUTE_SCOPES, row: loosened}) as target:
        (line,) = await try_gateway(target, scripts=False, only=["gateway/wrong-key"])
    assert line.outcome.verdict is Verdict.FAILED
    assert row in line.outcome.seen


@pytest.mark.xdist_group("audit")
async def test_an_api_that_asks_no_scanner_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one still does: each package is published by both."""
    monkeypatch.setattr(run, "UPLOADS", ())
    monkeypatch.setattr(run.scanning, "ATTACKS", run.scanning.ATTACKS[:2])
    monkeypatch.setattr(skills_app, "ScanGate", lambda policy, *others: ScanGate(policy_of("never"), *others))
    settings = load(home=tmp_path / "home", environ={}).settings
    (tmp_path / "own").mkdir(mode=0o700)
    async with audited_gateway(settings, tmp_path / "own") as target:
        lines = await try_packages(target)
    assert [line.outcome.verdict for line in lines] == [Verdict.FAILED] * 2
    assert {line.outcome.seen.partition(": ")[0] for line in lines} == {"POST /v1/skills as a zip"}
