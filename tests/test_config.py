"""The configuration: what counts over what, what is refused, and how that is said."""

import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.cli.configure import app
from tidegate.config import Settings, load, unit_secret
from tidegate.config.settings import Identity, Limits, Upstream, entries
from tidegate.config.values import duration, size
from tidegate.config.written import duration_text, size_text
from tidegate.domain.errors import InvalidInput


def written(folder: Path, text: str) -> Path:
    path = folder / "tidegate.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        load(config=written(folder, text), environ=environ)
    return str(refused.value)


def test_defaults_need_nothing(tmp_path: Path) -> None:
    loaded = load(home=tmp_path, environ={})
    assert loaded.settings.server.port == 8080
    assert loaded.settings.store_url == f"sqlite:///{tmp_path}/tidegate.db"
    assert loaded.sources["server.port"] == "default"
    assert loaded.sources["home"] == "flag --home"


def test_the_upstream_has_a_connection_for_every_exchange_by_default() -> None:
    assert Upstream().max_connections == UpstreamSettings("").max_connections == Limits().concurrency


@pytest.mark.parametrize(
    "key", [entry.key for entry in entries() if entry.parse(entry.written).__class__ is float]
)
def test_no_duration_is_without_bounds(tmp_path: Path, key: str) -> None:
    section, name = key.split(".")
    assert "must be between" in refusal(tmp_path, f'[{section}]\n{name} = "100000d"')
    harmless_at_zero = {"routing.conversation_grace", "drain.delay", "drain.limit", "cache.wait"}
    if key not in harmless_at_zero:
        assert "must be between" in refusal(tmp_path, f'[{section}]\n{name} = "0s"')


def test_file_environment_and_flags_go_over_each_other(tmp_path: Path) -> None:
    written(tmp_path, '[server]\nhost = "::1"\nport = 1\n\n[limits]\nbody = "1MB"\n')
    environ = {"TIDEGATE_HOME": str(tmp_path), "TIDEGATE_SERVER_PORT": "2", "TIDEGATE_DRAIN_DELAY": "3s"}
    loaded = load(environ=environ, flags={"server.port": 3, "upstream.url": None})
    assert loaded.settings.server.port == 3
    assert loaded.settings.server.host == "::1"
    assert loaded.settings.limits.body == 1_000_000
    assert loaded.settings.drain.delay == 3.0
    assert loaded.sources["server.port"] == "flag --port"
    assert loaded.sources["server.host"] == f"{tmp_path}/tidegate.toml:2"
    assert loaded.sources["limits.body"] == f"{tmp_path}/tidegate.toml:6"
    assert loaded.sources["drain.delay"] == "environment TIDEGATE_DRAIN_DELAY"
    assert loaded.sources["home"] == "environment TIDEGATE_HOME"
    assert load(environ=environ).settings.server.port == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[server]\nprot = 1", 2, "did you mean `port`?"),
        ("\n\n[sever]\nport = 1", 3, "did you mean `server`?"),
        ("port = 1", 1, "unknown section or key `port`"),
        ("server = 1", 1, "`server` is a section: write [server]"),
        ("[server]\nport = 65536", 2, "between 0 and 65535; found 65536"),
        ("[server]\nport = 1.5", 2, "a whole number; found 1.5"),
        ("[server]\nport = true", 2, "a whole number; found True"),
        ("[drain]\ndelay = 5", 2, "a duration with its unit"),
        ('[drain]\ndelay = "5"', 2, "a duration with its unit"),
        ('[limits]\nbody = "32"', 2, "a size with its unit"),
        ('[upstream]\nurl = "api.example"', 2, 'a URL as in "http://host"'),
        ('[upstream]\nclient = "curl"', 2, 'one of "http1", "aiohttp"'),
        ('[headers]\nidentify = "maybe"', 2, "true or false"),
        ('[identity]\nunit = ["cookie"]', 2, 'one or more of "metadata", "header", "key"'),
        ("[identity]\nunit = []", 2, "one or more of"),
        ('[routing]\npoll = "1ms"', 2, "between 5ms and 60s; found '1ms'"),
        ('[server]\nhead_timeout = "0s"', 2, "between 100ms and 1h; found '0s'"),
        ('[drain]\nlimit = "2d"', 2, "between 0s and 24h"),
        ('[valkey]\nurl = "redis://host"', 2, "an address as in"),
        ('[valkey]\nurl = "valkey://host/one"', 2, "an address as in"),
        ('[valkey]\nurl = "valkey://host:99999"', 2, "an address as in"),
        ('[valkey]\nurl = "valkey://host/0?db=1"', 2, "an address as in"),
        ("[prices.a]\ninput = 1", 1, "needs both `input` and `output`"),
        ("[prices.a]\ninput = 1\noutput = -1", 1, "`output` must be a number of US dollars"),
        ("[prices.a]\ninput = 1\noutput = 1\ncached = 1", 1, "unknown key `cached`"),
        ("[prices]\na = 1", 2, "must be a table"),
        ('[upstream]\nkind = "gemini"', 2, 'one of "anthropic", "openai"'),
        ('[upstreams.a]\nurl = "http://h"', 1, "`upstreams.a` needs `models`"),
        ('[upstreams.a]\nmodels = ["x"]\nurl = "h"', 3, 'a URL as in "http://host"'),
        ('[upstreams.a]\nmodels = ["x"]\nkeyfile = "h"', 3, "unknown key `upstreams.a.keyfile`"),
        ('[upstreams.default]\nmodels = ["x"]', 1, "the section [upstream]"),
        ('[upstreams."A b"]\nmodels = ["x"]', 1, "lower-case letters, digits and `-`"),
        ("[upstreams]\na = 1", 2, "must be a table"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_way_out(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    message = refusal(tmp_path, text)
    assert f"tidegate.toml:{line}" in message
    assert said in message


def test_further_upstreams_have_the_keys_of_the_first_and_their_models(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[upstreams.local]\nurl = "http://127.0.0.1:8000"\nmodels = ["llama-*"]\nkey = "sk-local"\n',
    )
    loaded = load(config=path, environ={})
    local = loaded.settings.upstreams["local"]
    assert (local.url, local.models, local.kind) == ("http://127.0.0.1:8000", ("llama-*",), "anthropic")
    assert loaded.sources["upstreams.local.url"] == f"{path}:2"
    assert loaded.sources["upstreams.local.idle"] == "default"
    assert "sk-local" not in repr(loaded.settings)
    shown = CliRunner().invoke(app, ["show", "--config", str(path), "--sources", "--json"])
    assert '"upstreams.local.key":{"value":"(set)"' in shown.stdout.replace(": ", ":").replace(
        "\n", ""
    ).replace("  ", "")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, "[server]\nprot = 1\nport = -1", TIDEGATE_UPSTREAM_ULR="x")
    assert "did you mean `port`?" in message
    assert "between 0 and 65535" in message
    assert "did you mean `TIDEGATE_UPSTREAM_URL`?" in message


@pytest.mark.parametrize("text", ["[server\n", "a = 1\na = 2\n", "[server]\nport ="])
def test_what_is_not_toml_is_refused_with_the_place(tmp_path: Path, text: str) -> None:
    message = refusal(tmp_path, text)
    assert "is not a TOML file" in message
    assert "(at " in message


def test_what_is_set_for_a_second_opinion_that_nobody_gives_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[scan]\nsecond_required = true\n")
    assert "scan.second_required (" in said
    assert "tidegate.toml:2) has no effect without scan.second" in said
    written(tmp_path, '[scan]\nsecond = ["/opt/s", "scan"]\nsecond_required = true\nsecond_block = "high"\n')
    assert load(home=tmp_path, environ={}).settings.scan.second == ("/opt/s", "scan")


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        load(config=tmp_path / "none.toml", environ={})
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(environ={"TIDEGATE_CONFIG": str(tmp_path / "none.toml")})


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    environ = {"TIDEGATE_URL": "x", "TIDEGATE_KEY": "y", "TIDEGATE_REQUIRE_ALL": "1", "PATH": ""}
    assert load(home=tmp_path, environ=environ).settings == Settings(home=tmp_path)


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    environ = {"TIDEGATE_UPSTREAM_KEY": "hush", "TIDEGATE_STORE_URL": "postgresql://a:hush@h/d"}
    environ["TIDEGATE_VALKEY_URL"] = "valkeys://:hush@h"
    loaded = load(home=tmp_path, environ=environ)
    assert loaded.settings.upstream.key == "hush"
    assert "hush" not in repr(loaded)
    shown = CliRunner().invoke(app, ["show", "--sources", "--home", str(tmp_path)], env=environ)
    assert shown.exit_code == 0
    assert "(set)" in shown.output
    assert "hush" not in shown.output


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    assert "12345" not in refusal(tmp_path, "[upstream]\nkey = 12345")


def test_show_prints_every_setting_with_its_source_as_json(tmp_path: Path) -> None:
    written(tmp_path, '[prices."m-1.5"]\ninput = 2.0\noutput = 4.0\n')
    shown = CliRunner().invoke(app, ["show", "--sources", "--json", "--home", str(tmp_path)])
    document = msgspec.json.decode(shown.stdout)
    assert set(document) == {"home", "prices.m-1.5", *(entry.key for entry in entries())}
    assert document["server.port"] == {"value": 8080, "source": "default"}
    assert document["prices.m-1.5"]["value"]["cache_write_1h"] == 4.0


def test_show_prints_durations_and_sizes_as_they_are_written(tmp_path: Path) -> None:
    text = '[limits]\ndeadline = "90s"\nbody = "1500B"\n[control]\nlease = "1.5s"\n'
    written(tmp_path, text + '[credentials.a]\ntenant = "a"\ncommand = ["c"]\nrefresh = "1h"\n')
    for options in ([], ["--sources"]):
        shown = CliRunner().invoke(app, ["show", "--home", str(tmp_path), *options]).stdout
        told = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
        told |= {line.strip("│ ").split()[0]: line for line in shown.splitlines() if "│" in line}
        for key, value in {
            "limits.deadline": "90s",
            "limits.body": "1500B",
            "server.max_head": "64KiB",
            "limits.queue_wait": "250ms",
            "credentials.a.refresh": "1h",
            "limits.queue": "200",
        }.items():
            assert value in told[key].split()
    numbers = CliRunner().invoke(app, ["show", "--home", str(tmp_path), "--json"]).stdout
    assert msgspec.json.decode(numbers)["limits.deadline"] == 90.0


@given(st.integers(0, 10**10).map(lambda ms: ms / 1000))
def test_a_duration_as_written_is_the_same_duration(seconds: float) -> None:
    assert duration(duration_text(seconds)) == pytest.approx(seconds)


@given(st.integers(0, 2**40))
def test_a_size_as_written_is_the_same_size(count: int) -> None:
    assert size(size_text(count)) == count


def test_prices_follow_the_ratios_where_they_are_not_given(tmp_path: Path) -> None:
    text = "[prices.mine]\ninput = 10\noutput = 20\ncache_read = 3\n"
    price = load(config=written(tmp_path, text), environ={}).settings.prices["mine"]
    assert (price.cache_read, price.cache_write_5m, price.cache_write_1h) == (3.0, 12.5, 20.0)


def test_the_home_secret_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    secret = unit_secret(Settings(home=tmp_path))
    assert len(secret) == 32
    assert unit_secret(Settings(home=tmp_path)) == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    code = "import sys, pathlib, tidegate.config as c; "
    code += "print(c.unit_secret(c.Settings(home=pathlib.Path(sys.argv[1]))).hex())"
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1
    assert all(process.returncode == 0 for process in started)


def test_gateways_on_one_store_can_share_a_secret(tmp_path: Path) -> None:
    shared = Settings(home=tmp_path, identity=Identity(secret_file=str(tmp_path / "shared")))
    with pytest.raises(InvalidInput, match="cannot be read"):
        unit_secret(shared)
    (tmp_path / "shared").write_bytes(b"s" * 32)
    assert unit_secret(shared) == b"s" * 32
    assert not (tmp_path / "secret").exists()


def test_a_damaged_home_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(InvalidInput, match="must hold 32 bytes and holds 5"):
        unit_secret(Settings(home=tmp_path))


@given(
    st.integers(0, 10_000), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)])
)
def test_durations_are_their_number_times_their_unit(number: int, unit: tuple[str, float]) -> None:
    assert duration(f"{number}{unit[0]}") == pytest.approx(number * unit[1])


@given(st.text(max_size=20) | st.integers() | st.floats() | st.booleans() | st.none())
def test_values_are_parsed_or_refused_with_a_reason(value: object) -> None:
    for parse in (duration, size, *(entry.parse for entry in entries())):
        try:
            parse(value)
        except ValueError as refused:
            assert str(refused)


def test_reference_pages_are_current() -> None:
    root = Path(__file__).parents[1]
    command = [sys.executable, root / "docs/generate.py", "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


QUOTAS = {
    "key_requests_per_minute = 0": '1 or more, or "none"',
    "key_tokens_per_minute = 1.5": 'a whole number, or "none"',
    'tenant_usd_per_day = "lots"': "an amount of US dollars",
    "tenant_usd_per_day = 0": 'or "none"',
    "tenant_usd_per_day = -1": "an amount of US dollars",
    'burst = "2m"': "between 1s and 60s",
    'timezone = "Mars/Base"': "a time zone",
    "timezone = 1": "a text",
}


@pytest.mark.parametrize("line", QUOTAS)
def test_a_wrong_quota_stops_the_start(line: str, tmp_path: Path) -> None:
    (tmp_path / "tidegate.toml").write_text(f"[quotas]\n{line}\n")
    with pytest.raises(InvalidInput) as wrong:
        load(home=tmp_path, environ={})
    assert QUOTAS[line] in str(wrong.value)
    assert "tidegate.toml:2" in str(wrong.value)


def test_quotas_are_numbers_or_none(tmp_path: Path) -> None:
    text = 'key_requests_per_minute = 60\nkey_usd_per_day = 2.5\ntenant_tokens_per_minute = "none"\n'
    (tmp_path / "tidegate.toml").write_text(f"[quotas]\n{text}")
    environ = {"TIDEGATE_QUOTAS_TENANT_USD_PER_DAY": "0.5", "TIDEGATE_QUOTAS_TIMEZONE": "Asia/Kolkata"}
    given = load(home=tmp_path, environ=environ).settings.quotas
    assert (given.key_requests_per_minute, given.key_usd_per_day, given.tenant_usd_per_day) == (60, 2.5, 0.5)
    assert (given.tenant_tokens_per_minute, given.key_tokens_per_minute) == (None, None)
    assert given.timezone == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('unpacked = "65MB"', "must be between 64B and 64MB"),
        ('file = "1GB"', "must be between 64B and 64MB"),
        ("files = 2001", "must be between 1 and 2000"),
        ("ratio = 1033", "must be between 1 and 1032"),
        ('skill_md = "33MB"', "must be between 64B and 32MB"),
        ('frontmatter = "2MiB"', "must be between 64B and 1MiB"),
        ('frontmatter = "63B"', "must be between 64B and 1MiB"),
        ('unpacked = "10MB"\nfile = "11MB"', "at most packages.unpacked, which is 10,000,000 bytes"),
        ('file = "1MB"\nskill_md = "2MB"', "at most packages.file, which is 1,000,000 bytes"),
        ('skill_md = "1kB"\nfrontmatter = "2kB"', "at most packages.skill_md, which is 1,000 bytes"),
    ],
)
def test_a_limit_of_packages_that_would_hold_nothing_back_is_refused(
    tmp_path: Path, given: str, said: str
) -> None:
    assert said in refusal(tmp_path, f"[packages]\n{given}\n")


def test_a_lower_limit_of_packages_needs_no_other_to_be_set(tmp_path: Path) -> None:
    text = '[packages]\nunpacked = "1kB"\nfiles = 2\n'
    packages = load(config=written(tmp_path, text), environ={}).settings.packages
    assert (packages.unpacked, packages.file) == (1_000, 25_000_000)


@pytest.mark.parametrize("given", ["7:00", "24:00", "07:60", "noon", "", "07:00:00", 7])
def test_the_hour_of_reports_is_a_time_of_day_or_off(tmp_path: Path, given: object) -> None:
    (tmp_path / "tidegate.toml").write_text(f"[reports]\nat = {given!r}\n".replace("'", '"'))
    with pytest.raises(InvalidInput, match=r"reports\.at .* must be a t"):
        load(home=tmp_path, environ={})


@pytest.mark.parametrize(("given", "minute"), [("07:00", 420), ("00:00", 0), ("23:59", 1439), ("off", None)])
def test_the_hour_of_reports_as_a_minute_of_the_day(tmp_path: Path, given: str, minute: int | None) -> None:
    settings = load(home=tmp_path, environ={"TIDEGATE_REPORTS_AT": given}).settings
    assert settings.reports.minute == minute
