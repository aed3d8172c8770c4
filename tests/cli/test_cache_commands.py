"""`tidegate cache`: what is read of a file, and the figures of a gateway."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidegate.cli.cache import app
from tidegate.cli.cache_figures import read_figures
from tidegate.cli.warming import read_warm_file
from tidegate.domain.errors import InvalidInput


def written(folder: Path, text: str) -> Path:
    path = folder / "warm.jsonl"
    path.write_text(text)
    return path


def test_lines_keep_their_numbers_and_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, '{"request":{"a": 1}}\n\n{"request":{},"headers":{"tidegate-unit":"u"}}\n')
    (first, one), (third, other) = read_warm_file(path)
    assert (first, bytes(one.request), one.headers) == (1, b'{"a": 1}', {})
    assert (third, other.headers) == (3, {"tidegate-unit": "u"})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2"),
        ("[]", "line 2: Expected `object`"),
        ("{}", "missing required field `request`"),
        ('{"request":{},"tenant":"t"}', "unknown field `tenant`"),
        ('{"request":{},"headers":{"x-api-key":"k"}}', "header x-api-key; allowed"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InvalidInput, match="line 2") as refused:
        read_warm_file(written(tmp_path, '{"request":{}}\n' + line))
    assert said in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.jsonl cannot be read"):
        read_warm_file(tmp_path / "none.jsonl")


def test_the_figures_are_the_caches_alone() -> None:
    text = (
        "# HELP tidegate_cache_bytes Memory\ntidegate_cache_bytes 12.0\ntidegate_requests_total 3.0\n"
        'tidegate_cache_lookups_total{result="hit"} 3.0\n'
    )
    assert read_figures(text) == {
        "tidegate_cache_bytes": 12.0,
        'tidegate_cache_lookups_total{result="hit"}': 3.0,
    }


def test_a_dry_run_reads_the_file_and_asks_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, '{"request":{}}\n\n{"request":{}}\n')
    told = CliRunner().invoke(app, ["warm", str(path), "--dry-run"], env={"TIDEGATE_URL": ""})
    assert (told.exit_code, told.stdout) == (
        0,
        "dry run, nothing was changed; it would be: 2 requests asked\n",
    )
    wrong = CliRunner().invoke(app, ["warm", str(written(tmp_path, "{}")), "--dry-run"])
    assert wrong.exit_code != 0
