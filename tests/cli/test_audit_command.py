"""`tidegate audit` on a fresh home: every attack fails, the report is written, the home stays untouched."""

from pathlib import Path

import msgspec
import pytest
from sandboxes import require_namespaces
from typer.testing import CliRunner

from tidegate.cli.main import tree
from tidegate.harness.audit.catalogue import attacks

pytestmark = pytest.mark.xdist_group("audit")

HASTY = {"TIDEGATE_SERVER_HEAD_TIMEOUT": "300ms", "TIDEGATE_SERVER_BODY_TIMEOUT": "300ms"}


def test_every_attack_fails_at_a_fresh_home(tmp_path: Path) -> None:
    require_namespaces()
    home, out = tmp_path / "home", tmp_path / "out"
    done = CliRunner().invoke(tree(), ["audit", "--home", str(home), "--out", str(out)], env=HASTY)
    assert done.exit_code == 0, done.output
    assert "all held" in done.output
    told = msgspec.json.decode((out / "audit.json").read_bytes())
    assert told["held"] is True
    assert {line["attack"]["id"] for line in told["lines"]} == set(attacks())
    assert told["findings"] == []
    seen = {line["attack"]["id"]: line["outcome"]["seen"] for line in told["lines"]}
    assert seen["execution/other_skill"] == "none of 2 paths"  # a file beside, and one of a neighbour's skill
    assert told["seconds"] < 180
    assert not home.exists()


def test_a_configuration_that_is_wrong_is_told_before_anything_is_tried(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        tree(), ["audit", "--home", str(tmp_path)], env={"TIDEGATE_PACKAGES_RATIO": "many"}
    )
    assert done.exit_code == 1
    assert "packages.ratio" in done.output
