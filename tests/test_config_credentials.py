"""`[credentials.NAME]`: what is read, what is refused and how that is said, and that no key is ever shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tidegate.cli.configure import app
from tidegate.config import load
from tidegate.config.credential import Credential
from tidegate.config.credentials import all_credentials
from tidegate.config.settings import Settings
from tidegate.config.values import argv
from tidegate.domain.errors import InvalidInput

GOOD = """\
[upstream]
key_file = "/run/gateway"

[upstreams.open]
url = "http://127.0.0.1:1"
models = ["gpt-*"]
key = "sk-open-secret"

[credentials.acme]
tenant = "acme"
file = "/run/acme"

[credentials.acme-open]
upstream = "open"
tenant = "acme"
env = "TIDEGATE_UPSTREAM_KEY_OF_ACME"

[credentials.vault]
tenant = "blue"
command = ["vault", "read", "-field=key", "secret/blue"]
refresh = "1h"
timeout = "3s"

[credentials.plain]
tenant = "green"
value = "sk-green-secret"
"""


def read(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "tidegate.toml").write_text(text)
    return load(home=folder, environ=environ).settings


def test_each_of_the_four_sources_is_read(tmp_path: Path) -> None:
    named = read(tmp_path, GOOD).credentials
    assert named["acme"] == Credential(tenant="acme", file="/run/acme")
    assert named["acme-open"] == Credential(
        upstream="open", tenant="acme", env="TIDEGATE_UPSTREAM_KEY_OF_ACME"
    )
    assert named["vault"].command == ("vault", "read", "-field=key", "secret/blue")
    assert (named["vault"].refresh, named["vault"].timeout) == (3600.0, 3.0)
    assert named["plain"].value == "sk-green-secret"
    assert [each.sources for each in named.values()] == [("file",), ("env",), ("command",), ("value",)]


def test_the_keys_of_the_upstreams_are_credentials_too(tmp_path: Path) -> None:
    found = all_credentials(read(tmp_path, GOOD))
    assert found["upstream"] == Credential(file="/run/gateway")
    assert found["upstreams.open"] == Credential(upstream="open", value="sk-open-secret")
    assert len(found) == 6


def test_a_variable_that_a_credential_names_is_no_mistyped_setting(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD, TIDEGATE_UPSTREAM_KEY_OF_ACME="sk").credentials
    with pytest.raises(InvalidInput, match="TIDEGATE_UPSTREAM_KEY_OF_BLUE"):
        read(tmp_path, GOOD, TIDEGATE_UPSTREAM_KEY_OF_BLUE="sk")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[credentials.a]\n", 1, "needs exactly one of `value`, `file`, `env`, `command`; it has none"),
        ('[credentials.a]\nvalue = "k"\nfile = "/f"', 1, "it has `value` and `file`"),
        ('[credentials.a]\nenv = "K"\ncommand = ["c"]', 1, "it has `env` and `command`"),
        ('[credentials.a]\nvalue = ""', 1, "it has none"),
        ('[credentials.a]\nkey = "k"', 2, "unknown key `credentials.a.key`; allowed: upstream, tenant"),
        ("[credentials.a]\nvalue = 12345", 2, "must be a text in quotes"),
        ('[credentials.a]\nfile = ["/f"]', 2, "must be a text in quotes"),
        ('[credentials.a]\ncommand = "vault read"', 2, "no shell reads it"),
        ("[credentials.a]\ncommand = []", 2, "begins with a program"),
        ('[credentials.a]\ncommand = ["", "x"]', 2, "begins with a program"),
        ('[credentials.a]\ncommand = ["vault", 1]', 2, "a text in quotes"),
        ('[credentials.a]\ncommand = ["a\\u0000"]', 2, "without NUL"),
        ('[credentials.a]\ncommand = ["c"]\nrefresh = "1s"', 3, "between 5s and 30d"),
        ('[credentials.a]\ncommand = ["c"]\nrefresh = 900', 3, "a duration with its unit"),
        ('[credentials.a]\ncommand = ["c"]\ntimeout = "0s"', 3, "between 100ms and 5m"),
        ('[credentials.a]\ncommand = ["c"]\nrefresh = "10s"\ntimeout = "10s"', 1, "not shorter than"),
        ('[credentials.a]\nfile = "/f"\nrefresh = "1h"', 1, "`refresh`, which only a `command` takes"),
        ('[credentials.a]\nenv = "K"\ntimeout = "1s"', 1, "`timeout`, which only a `command` takes"),
        ('[credentials.a]\nvalue = "k"\nupstream = "opne"', 1, "'opne', which is not configured; there are"),
        ('[credentials.a]\nvalue = "k"\ntenant = "a b"', 1, "'a b'; a name has letters"),
        ('[credentials.a]\nvalue = "k"\ntenant = "*"', 1, "'*'; a name has letters"),
        ('[credentials.a]\nenv = "sk-ant-not-a-name"', 1, "write the variable's name there, not the key"),
        ('[credentials.upstream]\nvalue = "k"', 1, "needs another name"),
        ('[credentials.default]\nvalue = "k"', 1, "needs another name"),
        ('[credentials."A b"]\nvalue = "k"', 1, "needs another name"),
        ("[credentials]\na = 1", 2, "must be a table: write [credentials.a]"),
        ("credentials = 1", 1, "`credentials` is a section: write [credentials.NAME]"),
        ('[[credentials]]\nvalue = "k"', 1, "`credentials` is a section: write [credentials.NAME]"),
    ],
)
def test_a_wrong_credential_is_refused_with_line_and_way_out(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, text)
    message = str(refused.value)
    assert said in message
    assert f"tidegate.toml:{line}" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[upstream]\nkey = "a"\nkey_file = "/b"', "both upstream.key"),
        ('[upstream]\nkey = "a"\n[credentials.b]\nvalue = "b"', "`upstream` and `b` open the same upstream"),
        (
            '[credentials.a]\nvalue = "a"\n[credentials.b]\nfile = "/b"',
            "`a` and `b` open the same upstream `default` for every tenant without one",
        ),
        (
            '[credentials.a]\ntenant = "t"\nvalue = "a"\n[credentials.b]\ntenant = "t"\nvalue = "b"',
            "for the same tenant `t`",
        ),
        ('[upstreams.u]\nmodels = ["m"]\nkey = "a"\nkey_file = "/b"', "both upstreams.u.key"),
    ],
)
def test_two_keys_for_the_same_door_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "keep one of them" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        '[credentials.a]\nvalue = "sk-hush"\nfile = "/f"',
        '[credentials.a]\nvalue = ["sk-hush"]',
        '[credentials.a]\ncommand = "echo sk-hush"',
        '[credentials.a]\nenv = "sk-hush"',
        '[credentials.a]\nvalue = "sk-hush"\ntenant = "*"',
        '[upstream]\nkey = "sk-hush"\nkey_file = "/f"',
    ],
)
def test_no_message_repeats_what_may_be_a_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, text)
    assert "hush" not in str(refused.value)


def test_show_names_every_credential_and_shows_no_key(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    for options in (["--sources"], ["--json"], ["--sources", "--json"], []):
        shown = CliRunner().invoke(app, ["show", "--home", str(tmp_path), *options])
        assert shown.exit_code == 0
        assert "credentials.vault.command" in shown.output
        assert "(set)" in shown.output
        assert "/run/acme" in shown.output
        assert "secret" not in shown.output.replace("secret_file", "")
    assert "secret" not in repr(settings).replace("secret_file", "")


@given(st.lists(st.text(max_size=5), max_size=4) | st.text(max_size=9) | st.integers() | st.none())
def test_a_command_is_a_list_of_words_or_refused_with_a_reason(value: object) -> None:
    try:
        words = argv(value)
    except ValueError as refused:
        assert str(refused)
    else:
        assert words == tuple(value or ())
