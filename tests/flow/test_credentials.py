"""Keys of upstreams over real sockets: two tenants, four sources, rotation under load, and nothing told."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import anthropic
import pytest
from forked import ForkedCommandLine, ForkedProcess, forked
from stack import free_port

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.storage.store import open_store
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.domain.errors import TidegateError
from tidegate.harness.demo.processes import CommandLine, child_environment
from tidegate.harness.emulator import Profile, start_emulator
from tidegate.harness.emulator.server import Emulator

MODEL = "claude-haiku-4-5"
ASK = {"model": MODEL, "max_tokens": 16, "messages": [{"role": "user", "content": "hello"}]}
KEYS = ("sk-hush-gateway", "sk-hush-file", "sk-hush-env", "sk-hush-command", "sk-hush-value")
TENANTS = ("default", "file", "env", "command", "value")
CONFIG = """\
[upstream]
url = "EMULATOR"

[credentials.gateway]
file = "FOLDER/gateway"

[credentials.by-file]
tenant = "file"
file = "FOLDER/file"

[credentials.by-env]
tenant = "env"
env = "KEY_OF_ENV"

[credentials.by-command]
tenant = "command"
command = ["PYTHON", "-c", "print(open('FOLDER/command').read())"]
refresh = "5s"
timeout = "4s"

[credentials.by-value]
tenant = "value"
value = "sk-hush-value"
"""
SKILL_MD = """\
---
name: tide-table
description: Reads tide tables.
metadata:
  tidegate.mode: native
  tidegate.match: tide
---
Read the table of the place.
"""
SPEC = """\
apiVersion: tidegate/v1
kind: Rollout
metadata: {name: tides}
spec:
  candidate: {skills: {tide-table: latest}, timeout: 30s}
  stages: [{name: full, weight: 100, bake: 1h, promote: manual, holdout: 0}]
  gates: {errors: {max: 2%, worse: rollback}}
"""


@dataclass
class Running:
    """A gateway process over an emulator in this one, and a client key for each tenant."""

    emulator: Emulator
    process: ForkedProcess
    url: str
    folder: Path
    keys: dict[str, str]
    operator: CommandLine

    def sdk(self, tenant: str) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(base_url=self.url, api_key=self.keys[tenant], max_retries=0)

    def accept(self, *keys: str) -> None:
        self.emulator._service._keys = frozenset(keys)

    def seen(self) -> list[str]:
        return [dict(each.headers).get("x-api-key", "") for each in self.emulator.recent(64)]

    async def text(self, path: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as response:
            return await response.text()

    async def asked(self, tenant: str, **more: object) -> anthropic.types.Message:
        async with self.sdk(tenant) as sdk:
            return await sdk.messages.create(**{**ASK, **more})

    async def until_seen(self, tenant: str, key: str) -> None:
        async with asyncio.timeout(20):
            while True:
                await self.asked(tenant)
                if self.seen()[-1] == key:
                    return

    def log(self) -> str:
        return (self.folder / "log").read_text()


async def begun(home: Path, folder: Path, *arguments: str) -> ForkedProcess:
    command = ("up", "--home", str(home), "--port", str(free_port()), *arguments)
    return await forked(
        command,
        child_environment({"KEY_OF_ENV": "sk-hush-env"}),
        folder / "log",
    )


def write(path: Path, text: str) -> None:
    """As secrets are put in place: whole, by renaming."""
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.rename(path)


def empty_home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir(mode=0o700)
    return home


async def made_keys(home: Path) -> dict[str, str]:
    """A client key for each tenant, and an operator's."""
    store = await open_store(f"sqlite:///{home / 'tidegate.db'}", clock=SystemClock())
    services = Services(store, SystemClock())
    wanted = [("client", tenant) for tenant in TENANTS] + [("operator", "default")]
    made = [
        await create_key(services, role=role, name="k", tenant=tenant, actor="t", reason="t")
        for role, tenant in wanted
    ]
    await store.close()
    return dict(zip((*TENANTS, "operator"), (secret for _, secret, _ in made), strict=True))


def configured(folder: Path, config: str, url: str) -> None:
    for name in ("gateway", "file", "command"):
        write(folder / name, f"sk-hush-{name}\n")
    filled = config.replace("EMULATOR", url).replace("FOLDER", str(folder))
    (folder / "home" / "tidegate.toml").write_text(filled.replace("PYTHON", sys.executable))


@asynccontextmanager
async def gateway(folder: Path, config: str = CONFIG, *, workers: int = 1) -> AsyncGenerator[Running]:
    home = empty_home(folder)
    keys = await made_keys(home)
    emulator = await start_emulator(Profile(), keys=KEYS)
    configured(folder, config, emulator.url)
    process = await begun(home, folder, "--workers", str(workers))
    url = (await process.stdout.readline()).decode().split()[-1]
    reach = {"TIDEGATE_URL": url, "TIDEGATE_KEY": keys["operator"]}
    command = ForkedCommandLine(reach, folder / "commands")
    try:
        yield Running(emulator, process, url, folder, keys, command)
    finally:
        process.terminate()
        code = await process.wait()
        await emulator.close()
    assert code == 0, (folder / "log").read_text()


def kept_in(home: Path) -> bytes:
    """Everything that the gateway has written."""
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "tidegate.toml"]
    return b"".join(path.read_bytes() for path in files)


async def test_each_tenant_is_served_with_its_key_and_no_key_is_told_anywhere(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        for tenant, key in zip(TENANTS, KEYS, strict=True):
            await running.asked(tenant)
            assert running.seen()[-1] == key
        running.accept("sk-other")
        for tenant in TENANTS:
            with pytest.raises(anthropic.InternalServerError, match="your own key is good") as refused:
                await running.asked(tenant)
            assert refused.value.status_code == 502
            assert "hush" not in str(refused.value.body)
        ready = await running.text("/readyz")
        metrics = await running.text("/metrics")
        await asyncio.sleep(0.6)
        await running.operator.save(tmp_path / "ledger", "ledger", "export", "--format", "jsonl")
        local = CommandLine({"TIDEGATE_HOME": str(tmp_path / "home")})
        shown = str(await local("config", "show", "--sources"))
    assert "credential by-command" in ready
    assert 'tidegate_credential_refusals_total{credential="by-command",status="401"} 1.0' in metrics
    assert (tmp_path / "ledger").read_text().count('"status":502') == 5
    assert "an upstream refuses a credential" in running.log()
    told = [running.log(), ready, metrics, (tmp_path / "ledger").read_text(), shown]
    assert [each for each in told if "hush" in each] == []
    rest = kept_in(tmp_path / "home")
    assert b"hush" not in rest


async def test_an_upstream_of_openais_kind_is_shown_each_tenants_key_as_a_bearer_token(
    tmp_path: Path,
) -> None:
    further = """
[upstreams.open]
kind = "openai"
url = "EMULATOR"
models = ["gpt-*"]
key = "sk-hush-gateway"

[credentials.open-of-file]
upstream = "open"
tenant = "file"
file = "FOLDER/file"
"""
    async with gateway(tmp_path, CONFIG + further) as running:
        for tenant, key in (("default", KEYS[0]), ("file", KEYS[1]), ("env", KEYS[0])):
            await running.asked(tenant, model="gpt-4o")
            headers = dict(running.emulator.recent(1)[0].headers)
            assert headers["authorization"] == f"Bearer {key}"
            assert "x-api-key" not in headers


async def test_rotation_under_load_costs_nobody_an_error(tmp_path: Path) -> None:
    """File, command and hangup; the old key is good for a while longer, as providers have it."""
    async with gateway(tmp_path) as running:
        done, errors, stop = Counter[str](), list[str](), asyncio.Event()

        async def load(tenant: str) -> None:
            async with running.sdk(tenant) as sdk:
                while not stop.is_set():
                    try:
                        await sdk.messages.create(**ASK)
                        done[tenant] += 1
                    except anthropic.APIError as error:
                        errors.append(f"{tenant}: {error}")

        loads = [asyncio.create_task(load(tenant)) for tenant in ("default", "file", "command", "env")]
        for turn in ("2", "3"):
            rotated = [f"sk-hush-{name}-{turn}" for name in ("gateway", "file", "command")]
            running.accept(*KEYS, *rotated, *(key[:-1] + "2" for key in rotated))
            for name in ("gateway", "file", "command"):
                write(tmp_path / name, f"sk-hush-{name}-{turn}\n")
            if turn == "3":
                running.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(20):
                while not {*rotated} <= {*running.seen()}:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(1.0 if turn == "2" else 0.2)
            running.accept(*rotated, "sk-hush-env")
            before = done.copy()
            async with asyncio.timeout(20):
                while any(done[tenant] < before[tenant] + 20 for tenant in before):
                    await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*loads)
        assert errors == []
        assert min(done.values()) > 40


async def test_a_revoked_key_is_mended_by_one_early_reading_of_the_command(tmp_path: Path) -> None:
    slow = CONFIG.replace('refresh = "5s"', 'refresh = "1h"').replace(
        "print(open('FOLDER/command').read())",
        "open('FOLDER/runs', 'a').write('x'); print(open('FOLDER/command').read())",
    )
    async with gateway(tmp_path, slow) as running:
        write(tmp_path / "command", "sk-hush-command-2\n")
        running.accept("sk-hush-command-2")
        told = await asyncio.gather(*(running.asked("command") for _ in range(20)), return_exceptions=True)
        refused = [each for each in told if isinstance(each, anthropic.APIStatusError)]
        assert refused
        assert {each.status_code for each in refused} == {502}
        assert refused[0].response.headers["x-should-retry"] == "true"
        async with asyncio.timeout(20), running.sdk("command") as sdk:
            patient = sdk.with_options(max_retries=10)
            await patient.messages.create(**ASK)
        assert (tmp_path / "runs").read_text() == "xx"


async def test_a_secret_that_is_away_at_start_keeps_one_tenant_waiting_and_no_other(tmp_path: Path) -> None:
    late = CONFIG.replace("FOLDER/file", "FOLDER/coming")
    async with gateway(tmp_path, late) as running:
        await running.asked("default")
        with pytest.raises(anthropic.InternalServerError, match="cannot be read by this gateway") as refused:
            await running.asked("file")
        assert refused.value.status_code == 503
        assert "coming cannot be read: No such file" in await running.text("/readyz")
        assert "coming" not in str(refused.value)
        write(tmp_path / "coming", "sk-hush-file\n")
        async with running.sdk("file") as sdk:
            await sdk.with_options(max_retries=5).messages.create(**ASK)
        assert running.seen()[-1] == "sk-hush-file"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (CONFIG.replace("FOLDER/gateway", "FOLDER/none"), "none cannot be read: No such file"),
        (CONFIG.replace("KEY_OF_ENV", "NOT_SET"), "credential by-env ([credentials.by-env]; of tenant env"),
        (CONFIG.replace('value = "sk-hush-value"', 'value = "sk hush"'), "no HTTP header may carry"),
        (
            CONFIG.replace('file = "FOLDER/gateway"', 'command = ["PYTHON", "-c", "exit(7)"]'),
            "ended with exit code 7; run it by hand",
        ),
    ],
)
async def test_a_start_without_a_key_that_has_to_be_there_says_which_and_what_to_do(
    tmp_path: Path, config: str, said: str
) -> None:
    home = empty_home(tmp_path)
    configured(tmp_path, config, "http://127.0.0.1:9")
    process = await begun(home, tmp_path)
    assert await process.stdout.read() == b""
    assert await process.wait() == 1
    log = (tmp_path / "log").read_text()
    assert said in log
    assert "hush" not in log


async def test_workers_each_take_a_new_key_and_a_hangup_replaces_them(tmp_path: Path) -> None:
    async with gateway(tmp_path, workers=2) as running:
        running.accept(*KEYS, "sk-hush-gateway-2")
        write(tmp_path / "gateway", "sk-hush-gateway-2\n")
        async with asyncio.timeout(20):
            while {*running.seen()[-20:]} != {"sk-hush-gateway-2"}:
                await asyncio.gather(*(running.asked("default") for _ in range(4)))


async def test_a_native_skill_is_in_the_workspace_of_each_key_and_never_named_in_another(
    tmp_path: Path,
) -> None:
    package = tmp_path / "tide-table"
    package.mkdir()
    (package / "SKILL.md").write_text(SKILL_MD)
    (tmp_path / "spec.yaml").write_text(SPEC)
    question = {"messages": [{"role": "user", "content": "How high is the tide?"}], "max_tokens": 300}
    async with gateway(tmp_path) as running:
        command = running.operator
        await command("skill", "publish", str(package), "--reason", "test")
        ours = await command("skill", "sync", "tide-table", "--reason", "test")
        started = await command("rollout", "start", str(tmp_path / "spec.yaml"), "--reason", "test")
        assert "--tenant file" in str(started["warnings"])
        mine = await running.asked("default", **question)
        hosted = await running.asked("file", **question)
        assert mine.container.skills[0].skill_id == ours["skill_id"]
        assert hosted.container is None
        theirs = await command("skill", "sync", "tide-table", "--tenant", "file", "--reason", "test")
        native = await running.asked("file", **question)
        assert native.container.skills[0].skill_id == theirs["skill_id"] != ours["skill_id"]
        assert "." not in native.container.id
        again = await running.asked("file", **question, container=native.container.id)
        assert again.container.id == native.container.id
        async with running.sdk("default") as sdk:
            with pytest.raises(anthropic.BadRequestError, match="belongs to the provider workspace"):
                skills = [{"type": "custom", "skill_id": theirs["skill_id"], "version": "latest"}]
                await sdk.beta.messages.create(**{**ASK, **question}, container={"skills": skills})
            with pytest.raises(anthropic.NotFoundError, match="gave no container"):
                await sdk.messages.create(**{**ASK, **question}, container=native.container.id)
        with pytest.raises(TidegateError, match="no credential of its own"):
            await command("skill", "sync", "tide-table", "--tenant", "nobody", "--reason", "test")
