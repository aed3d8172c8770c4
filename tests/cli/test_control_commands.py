"""The commands against a control API on a real socket: output, JSON, exit codes."""

import asyncio
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import uvicorn
from fresh_store import fresh_store
from typer.testing import CliRunner

from tidegate.cli.main import tree
from tidegate.control.caller import by_key
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.domain.exchange import Exchange, Outcome
from tidegate.domain.skill import Manifest, SkillPackage
from tidegate.ports import Process
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api

SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: reports}
spec:
  unit: request
  candidate: {skills: {report-writing: latest}}
  stages: [{name: canary, weight: 5, bake: 60s, promote: manual}, {name: full, weight: 100, bake: 60s}]
  gates:
    errors: {max: 2%, worse: rollback}
    slo: {errors: 2%}
    samples: {min: 10}
"""
REASON = ("--reason", "a test")


class Clock:
    def now(self):
        return time.time()

    def monotonic(self):
        return time.monotonic()


class Served:
    """A control API in a thread of its own, with one skill, one exchange and an operator's key."""

    def __init__(self, file):
        self._file = file
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(30)

    def do(self, work):
        """Run a coroutine of the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        store = await fresh_store(self._file, Clock())
        self.services = Services(store, Clock())
        await self._fill()
        app = create_control_api(self.services, by_key(store.keys), scan=ScanningHere().scan)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self._ready.set()
        await serving
        await store.close()

    async def _fill(self):
        package = SkillPackage(
            manifest=Manifest(name="report-writing", description="A skill."),
            body="Write.",
            files=(),
            archive=b"x",
            digest="sha256:x",
        )
        await self.services.store.skills.publish(package, by="t", reason="t", at=1.0)
        row = Exchange(
            id="tgx_1",
            at=1_800_000_000.0,
            finished_at=1_800_000_000.0,
            tenant="default",
            key_id="k",
            unit_hash="u",
            outcome=Outcome.OK,
            status=200,
            seconds=0.1,
        )
        await self.services.store.ledger.ingest([row], [])
        _, self.secret, _ = await create_key(
            self.services, role="operator", name="tests", actor="t", reason="t"
        )


@pytest.fixture
def served(tmp_path, monkeypatch):
    with Served(tmp_path / "tidegate.db") as one:
        monkeypatch.setenv("TIDEGATE_URL", f"http://127.0.0.1:{one.port}")
        monkeypatch.setenv("TIDEGATE_KEY", one.secret)
        yield one


@pytest.fixture
def spec_file(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return str(path)


def tidegate(*words, code=0):
    result = CliRunner().invoke(tree(), list(words))
    assert result.exit_code == code, result.output
    return result


def test_a_report_comes_over_the_control_api(served, spec_file, tmp_path):
    tidegate("rollout", "start", spec_file, *REASON)
    assert "No request of either arm came in this time." in tidegate("report", "daily", "reports").stdout
    out = tmp_path / "stage.html"
    assert tidegate("report", "stage", "reports", "--out", str(out)).stdout == f"{out}\n"
    assert "reports: stage report, stage canary" in out.read_text()
    assert "no rollout 'x'" in tidegate("report", "final", "x", code=1).output


def test_a_rollout_from_start_to_abort(served, spec_file):
    started = json.loads(tidegate("rollout", "start", spec_file, *REASON, "--json").stdout)
    assert (started["state"], started["stage"], started["laggards"]) == ("progressing", "canary", [])
    assert "canary" in tidegate("rollout", "list").stdout
    shown = json.loads(tidegate("rollout", "status", "reports", "--json").stdout)
    assert (shown["name"], shown["weight"]) == ("reports", 5.0)
    assert "candidate" in tidegate("rollout", "status", "reports").stdout
    assert "paused" in tidegate("rollout", "pause", "reports", *REASON).stdout
    assert "progressing" in tidegate("rollout", "resume", "reports", *REASON).stdout
    assert "aborted" in tidegate("rollout", "abort", "reports", *REASON).stdout
    kinds = [
        e["kind"] for e in json.loads(tidegate("rollout", "history", "reports", "--json").stdout)["events"]
    ]
    assert kinds == ["start", "pause", "resume", "abort"]
    assert "a test" in tidegate("rollout", "history", "reports").stdout
    assert "chain intact" in tidegate("rollout", "verify", "reports").stdout
    assert "decisions come out again, to the byte" in tidegate("rollout", "replay", "reports").stdout
    assert json.loads(tidegate("rollout", "list", "--json").stdout)["rollouts"][0]["state"] == "aborted"


def test_a_start_warns_on_stderr_of_what_is_kept_but_not_acted_on(served, spec_file, tmp_path):
    kept = tmp_path / "kept.yaml"
    kept.write_text(SPEC + "    savings: {min: 35%, worse: rollback}\n")
    started = tidegate("rollout", "start", str(kept), *REASON, "--json")
    (told,) = started.stderr.splitlines()
    assert told.startswith("tidegate: note: savings.worse: rollback is kept")
    assert len(json.loads(started.stdout)["warnings"]) == 1
    tidegate("rollout", "abort", "reports", *REASON)
    spec = SPEC.replace("name: reports", "name: plain")
    kept.write_text(spec)
    assert tidegate("rollout", "start", str(kept), *REASON).stderr == ""


def test_watch_ends_with_the_rollout_and_tells_how(served, spec_file):
    tidegate("rollout", "start", spec_file, *REASON)
    tidegate("rollout", "abort", "reports", *REASON)
    assert "aborted" in tidegate("rollout", "watch", "reports", code=1).stdout
    line = tidegate("rollout", "watch", "reports", "--json", code=1).stdout
    assert json.loads(line)["state"] == "aborted"


@pytest.mark.parametrize(
    "what",
    [("--all",), ("all",), ("--skill", "report-writing"), ("skill", "report-writing"), ("tenant", "acme")],
)
def test_a_switch_is_turned_off_listed_and_turned_on(served, what):
    tidegate("switch", "off", *what, *REASON)
    (switch,) = json.loads(tidegate("switch", "list", "--json").stdout)["switches"]
    assert switch["reason"] == "a test"
    assert switch["scope"] in tidegate("switch", "list").stdout
    tidegate("switch", "on", *what, *REASON)
    assert json.loads(tidegate("switch", "list", "--json").stdout)["switches"] == []


@pytest.mark.slow
def test_a_process_that_lags_is_named_and_the_exit_code_is_1(served):
    now = time.time() + 3600  # it stays alive, and behind, for as long as the command waits
    process = Process(id="gw-1", started_at=0.0, seen_at=now, revision=0)
    served.do(served.services.store.routing.acknowledge(process))
    result = tidegate("switch", "off", "--all", *REASON, "--json", code=1)
    assert "gw-1 has not confirmed" in result.stderr
    assert json.loads(result.stdout)["state"] == "off"


def test_keys_are_created_listed_and_revoked(served):
    made = json.loads(tidegate("keys", "create", "--role", "client", "--name", "app", "--json").stdout)
    assert {"id", "key", "role", "tenant"} <= set(made)
    assert (made["role"], made["tenant"]) == ("client", "default")
    assert made["id"] in tidegate("keys", "list").stdout
    second = tidegate("keys", "create", "--role", "client", "--name", "app")
    assert (
        f"tidegate: note: the client key {made['id']} of tenant default is named 'app' too" in second.stderr
    )
    assert second.stdout.startswith("tgk_client_")
    assert "revoked" in tidegate("keys", "revoke", made["id"], *REASON).stdout
    again = tidegate("keys", "revoke", made["id"], *REASON, code=1)
    assert made["id"] in again.stderr


DRY = "dry run, nothing was changed; it would be: "


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("switch", "off", "--all", *REASON), "every skill is off\n"),
        (("keys", "create", "--role", "client", "--name", "app"), "client key key_"),
        (
            ("quota", "set", "--tenant", "acme", "--requests-per-minute", "5", *REASON),
            "tenant acme: 5 requests",
        ),
        (("cache", "clear", "--all", *REASON), "the kept answers of everybody are cleared"),
        (("skill", "deprecate", "report-writing", "1", *REASON), "report-writing version 1 is deprecated"),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, tuple) else "",
)
def test_a_dry_run_tells_what_it_would_be_and_leaves_it(served, words, says):
    before = served.do(served.services.store.routing.revision())
    tried = tidegate(*words, "--dry-run").stdout
    assert tried.startswith(f"{DRY}{says}")
    assert "tgk_" not in tried
    assert served.do(served.services.store.routing.revision()) == before


def test_a_rollout_is_tried_before_it_is_started(served, spec_file):
    tried = json.loads(tidegate("rollout", "start", spec_file, *REASON, "--dry-run", "--json").stdout)
    assert (tried["dry_run"], tried["state"], tried["weight"]) == (True, "progressing", 5.0)
    assert json.loads(tidegate("rollout", "list", "--json").stdout)["rollouts"] == []
    tidegate("rollout", "start", spec_file, *REASON)
    assert tidegate("rollout", "abort", "reports", *REASON, "--dry-run").stdout.startswith(
        f"{DRY}reports: aborted"
    )
    assert json.loads(tidegate("rollout", "status", "reports", "--json").stdout)["state"] == "progressing"
    refused = tidegate("rollout", "promote", "reports", *REASON, "--dry-run", code=1)
    assert "cannot promote" in refused.stderr


def test_quotas_are_set_listed_and_cleared(served):
    set_ = tidegate("quota", "set", "--tenant", "acme", "--requests-per-minute", "1200", *REASON)
    assert set_.stdout == "tenant acme: 1,200 requests/min\n"
    more = tidegate("quota", "set", "--tenant", "acme", "--usd-per-day", "2.5", *REASON, "--json")
    assert json.loads(more.stdout)["usd_per_day"] == 2.5
    none = tidegate("quota", "set", "--tenant", "acme", "--tokens-per-minute", "none", *REASON)
    assert none.stdout == "tenant acme: 1,200 requests/min, none tokens/min, 2.5 USD/day\n"
    assert "1,200" in tidegate("quota", "list").stdout
    assert json.loads(tidegate("quota", "list", "--json").stdout)["quotas"][0]["tokens_per_minute"] == "none"
    assert "acme" in tidegate("quota", "clear", "--tenant", "acme", *REASON).stdout
    assert "acme" not in tidegate("quota", "list").stdout


def test_a_key_is_made_with_quota_and_priority_which_can_be_changed(served):
    limits = ("--requests-per-minute", "60", "--usd-per-day", "1", "--priority", "low")
    made = json.loads(
        tidegate("keys", "create", "--role", "client", "--name", "app", *limits, "--json").stdout
    )
    assert made["priority"] == "low"
    assert made["id"] in tidegate("quota", "list").stdout
    assert "high" in tidegate("keys", "prioritise", made["id"], "high", *REASON).stdout
    assert "high" in tidegate("keys", "list").stdout


def test_costs_are_shown_by_each_dimension(served):
    for by in ("tenant", "key", "skill", "model"):
        shown = tidegate("costs", "show", "--by", by).stdout
        assert "total" in shown
        assert json.loads(tidegate("costs", "show", "--by", by, "--json").stdout)["total"]["requests"] == 1
    assert "(none)" in tidegate("costs", "show", "--by", "skill").stdout


def test_the_ledger_is_exported_to_standard_output(served):
    (line,) = tidegate("ledger", "export").stdout.splitlines()
    assert json.loads(line)["id"] == "tgx_1"
    assert "tgx_1" in tidegate("ledger", "export", "--format", "csv", "--since", "2027-01-01").stdout
    assert tidegate("ledger", "export", "--until", "2027-01-01").stdout == ""
    assert json.loads(tidegate("ledger", "export", "--json").stdout)["id"] == "tgx_1"


def test_an_export_of_a_rollout_without_exchanges_says_so_on_stderr(served):
    result = tidegate("ledger", "export", "--rollout", "nobody")
    assert result.stdout == ""
    assert "no exchange of rollout 'nobody'" in result.stderr


@pytest.mark.parametrize("name", ["no-such-file.yaml", "a-folder", "latin.yaml"])
def test_a_spec_that_cannot_be_read_is_told_with_what_to_give(served, name, tmp_path):
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"# caf\xe9\n")
    told = tidegate("rollout", "start", str(tmp_path / name), *REASON, code=2).stderr
    assert "give the YAML file" in " ".join(told.replace("│", " ").split())
    assert "Errno" not in told


REFUSED = {
    "an unknown rollout": (("rollout", "status", "nobody"), "rollout list"),
    "a name with a slash": (("rollout", "status", "a/../b"), ""),
    "a move not allowed": (("rollout", "promote", "nobody", *REASON), "nobody"),
    "an empty reason": (("switch", "off", "--all", "--reason", " "), "reason"),
    "an unknown skill": (("switch", "off", "--skill", "typo", *REASON), "skill list"),
    "a switch that is on": (("switch", "on", "--all", *REASON), ""),
    "an unknown key": (("keys", "revoke", "key_0", *REASON), "key_0"),
    "a quota of an unknown key": (("quota", "set", "--key", "key_0", "--usd-per-day", "1", *REASON), "key_0"),
    "a quota of nothing": (("quota", "set", "--tenant", "a", "--usd-per-day", "0", *REASON), "none"),
    "a quota below nothing": (("quota", "set", "--tenant", "a", "--requests-per-minute", "-1", *REASON), "1"),
    "a quota without end": (("quota", "set", "--tenant", "a", "--usd-per-day", "inf", *REASON), ""),
    "a quota that is not set": (("quota", "clear", "--tenant", "a", *REASON), "quota list"),
    "priority of an unknown key": (("keys", "prioritise", "key_0", "low", *REASON), "key_0"),
    "costs since a time that is none": (("costs", "show", "--by", "key", "--since", "noon"), "since"),
    "a time that is none": (("ledger", "export", "--since", "noon"), "since"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_one_reason_on_stderr_and_exit_1(served, case):
    words, said = REFUSED[case]
    result = tidegate(*words, code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("tidegate: ")
    assert said in result.stderr


def test_a_wrong_spec_names_the_line(served, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(SPEC.replace("unit: request", "unit: user\n  untis: 2"))
    assert "untis" in tidegate("rollout", "start", str(path), *REASON, code=1).stderr


WRONG_USE = [
    ("rollout", "abort", "reports"),
    ("rollout", "start", "no-such-file.yaml", *REASON),
    ("switch", "off", *REASON),
    ("switch", "off", "--all", "--skill", "x", *REASON),
    ("switch", "off", "moon", *REASON),
    ("switch", "off", "skill", *REASON),
    ("switch", "off", "--all"),
    ("keys", "create", "--role", "king", "--name", "n"),
    ("keys", "create", "--role", "client"),
    ("keys", "revoke", "key_1"),
    ("keys", "create", "--role", "client", "--name", "n", "--priority", "top"),
    ("keys", "create", "--role", "client", "--name", "n", "--usd-per-day", "lots"),
    ("keys", "prioritise", "key_1", "top", *REASON),
    ("quota", "set", "--tenant", "a", *REASON),
    ("quota", "set", "--usd-per-day", "1", *REASON),
    ("quota", "set", "--tenant", "a", "--key", "k", "--usd-per-day", "1", *REASON),
    ("quota", "set", "--tenant", "a", "--usd-per-day", "1"),
    ("quota", "set", "--tenant", "a", "--requests-per-minute", "1.5", *REASON),
    ("quota", "clear", *REASON),
    ("costs", "show"),
    ("costs", "show", "--by", "moon"),
    ("ledger", "export", "--format", "xml"),
    ("ledger", "export", "--format", "csv", "--json"),
]


@pytest.mark.parametrize("words", WRONG_USE, ids=" ".join)
def test_wrong_use_is_exit_2(words, monkeypatch):
    monkeypatch.setenv("TIDEGATE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDEGATE_KEY", "unused")
    tidegate(*words, code=2)


def test_a_url_without_a_key_is_told(monkeypatch):
    monkeypatch.setenv("TIDEGATE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("TIDEGATE_KEY", raising=False)
    assert "TIDEGATE_KEY" in tidegate("rollout", "list", code=1).stderr


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:x", "127.0.0.1:9", "ftp://127.0.0.1", "http://", "file:///x"]
)
def test_a_url_that_is_none_is_told(url, monkeypatch):
    monkeypatch.setenv("TIDEGATE_URL", url)
    monkeypatch.setenv("TIDEGATE_KEY", "k")
    assert "TIDEGATE_URL" in tidegate("rollout", "list", code=1).stderr


@pytest.mark.parametrize("key", ["tgk_schlüssel", "tgk_a\nb"])
def test_a_key_that_cannot_be_one_is_told_and_not_shown(key, monkeypatch):
    monkeypatch.setenv("TIDEGATE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDEGATE_KEY", key)
    said = tidegate("rollout", "list", code=1).stderr
    assert "TIDEGATE_KEY" in said
    assert key not in said


class Elsewhere(BaseHTTPRequestHandler):
    """A server of something else: 200 for everything, and a page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_):
        pass


def test_a_url_of_something_else_is_told(monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.handle_request).start()
        monkeypatch.setenv("TIDEGATE_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("TIDEGATE_KEY", "k")
        assert "no control API of Tidegate" in tidegate("rollout", "list", code=1).stderr


def test_a_gateway_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("TIDEGATE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDEGATE_KEY", "k")
    assert "cannot reach http://127.0.0.1:9" in tidegate("rollout", "list", code=1).stderr


def test_a_wrong_key_is_told(served, monkeypatch):
    monkeypatch.setenv("TIDEGATE_KEY", "tgk_operator_guess")
    assert "unknown key" in tidegate("rollout", "list", code=1).stderr
