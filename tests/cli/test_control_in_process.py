"""Commands on a home without a running gateway: the control API in the command's own process."""

import json

import pytest
from typer.testing import CliRunner

from tidegate.cli.main import tree


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TIDEGATE_URL", raising=False)
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)


def tidegate(*words, code=0):
    result = CliRunner().invoke(tree(), list(words))
    assert result.exit_code == code, result.output
    return result


def test_keys_are_created_before_the_first_start():
    made = json.loads(tidegate("keys", "create", "--role", "operator", "--name", "me", "--json").stdout)
    assert made["key"].startswith("tgk_operator_")
    (listed,) = json.loads(tidegate("keys", "list", "--json").stdout)["keys"]
    assert listed["id"] == made["id"]


def test_a_switch_is_kept_with_the_name_of_the_systems_user(monkeypatch):
    monkeypatch.setattr("tidegate.cli.call.getuser", lambda: "ana")
    tidegate("switch", "off", "--all", "--reason", "a drill")
    (switch,) = json.loads(tidegate("switch", "list", "--json").stdout)["switches"]
    assert (switch["by"], switch["reason"]) == ("ana", "a drill")


def test_a_user_without_a_name_is_kept_by_number(monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("tidegate.cli.call.getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    tidegate("switch", "off", "--all", "--reason", "a drill")
    (switch,) = json.loads(tidegate("switch", "list", "--json").stdout)["switches"]
    assert switch["by"] == "uid-4711"


def test_an_export_of_an_empty_ledger_is_streamed():
    assert tidegate("ledger", "export").stdout == ""
    assert tidegate("ledger", "export", "--format", "csv").stdout.startswith("id,at,")


def test_what_commands_leave_in_the_home_is_for_its_owner_alone(tmp_path):
    tidegate("keys", "list")
    files = list((tmp_path / "home").rglob("*"))
    assert any(path.name == "tidegate.db" for path in files)
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_a_refusal_reads_as_over_http():
    result = tidegate("rollout", "status", "nobody", code=1)
    assert result.stderr.startswith("tidegate: no rollout 'nobody'")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "list"), "make the first with `tidegate keys create"),
        (("skill", "list"), "publish the first with `tidegate skill publish"),
        (("skill", "match", "Review this."), "publish the first with `tidegate skill publish"),
        (("rollout", "list"), "start the first with `tidegate rollout start"),
        (("switch", "list"), "nothing is switched off"),
        (("costs", "show", "--by", "tenant"), "nothing was used in that time"),
        (("quota", "list"), "set the first with `tidegate quota set"),
    ],
)
def test_an_empty_list_says_so_and_how_to_make_the_first(words, said):
    (line,) = tidegate(*words).stdout.splitlines()
    assert said in line


def test_an_empty_list_is_an_empty_list_for_programs():
    assert json.loads(tidegate("keys", "list", "--json").stdout)["keys"] == []
    assert json.loads(tidegate("rollout", "list", "--json").stdout)["rollouts"] == []
