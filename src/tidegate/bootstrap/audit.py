"""An audit of this installation: its settings on a gateway, a store and a home of the audit's own."""

import asyncio
import logging
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import httpx2
from sqlalchemy import update

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.storage.database import Database, parse_url
from tidegate.adapters.storage.schema import SKILL_ARCHIVE
from tidegate.adapters.storage.store import open_store
from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.bootstrap.address import new_process_id
from tidegate.bootstrap.gateway import assemble
from tidegate.bootstrap.logs import configure_logs
from tidegate.bootstrap.packages import package_limits
from tidegate.bootstrap.sandbox import open_sandbox
from tidegate.bootstrap.skill_hosts import ConfiguredSkillHosts
from tidegate.config import Settings
from tidegate.config.sections import NamedUpstream, Upstream
from tidegate.control.keys import create_key
from tidegate.control.services import Services
from tidegate.control.timestamp import rfc3339
from tidegate.domain.script import ScriptRun
from tidegate.harness.audit.judgement import Audit, Finding, Line, findings
from tidegate.harness.audit.leaky import leaky_provider
from tidegate.harness.audit.run import (
    gateway_not_shown,
    packages_not_shown,
    scripts_not_shown,
    told_of,
    try_gateway,
    try_packages,
    try_scripts,
)
from tidegate.harness.audit.surroundings import Bounds, surroundings
from tidegate.harness.audit.target import KEYS, LEAK_MODEL, Target, prepare
from tidegate.harness.emulator import PROFILES, start_emulator
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScopes

_MOST_MEMORY = 1 << 30
"""What a bomb is let grow to, whatever the installation lets it."""


async def run_audit(
    settings: Settings, *, before: Sequence[Finding] = (), scopes: RouteScopes = ROUTE_SCOPES
) -> Audit:
    """Try the whole catalogue; the installation's own home, store and providers are not touched.

    `before` are the findings of the last report. `scopes` is the gateway's table, but for a test that takes
    one away.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tidegate-audit-") as folder:
        place = Path(folder)
        place.chmod(0o711)  # noqa: ASYNC240 (one call; that it may be passed through leaves it to the sandbox)
        (place / "home").mkdir(mode=0o700)
        try:
            scripts, held_by = await _scripts(settings, place)
        except Exception as wrong:  # whatever it is: the report is written, and says so
            scripts, held_by = scripts_not_shown(told_of(wrong)), f"{_REFUSED}: {told_of(wrong)}"
        try:
            packages, gateway = await _gateway(
                settings, place / "home", scopes, scripts=not held_by.startswith(_REFUSED)
            )
        except Exception as wrong:  # as above
            why = told_of(wrong)
            packages, gateway = packages_not_shown(why), gateway_not_shown(why)
    lines = (*packages, *scripts, *gateway)
    return Audit(
        version=version("tidegate"),
        at=rfc3339(time.time()),
        seconds=round(time.monotonic() - began, 1),
        installation=_installation(settings, held_by),
        lines=lines,
        findings=findings(lines, before),
    )


async def _gateway(
    settings: Settings, home: Path, scopes: RouteScopes, *, scripts: bool
) -> tuple[list[Line], list[Line]]:
    """The lines of packages, and those of what is done with a gateway that has the audit's own."""
    async with audited_gateway(settings, home, scopes) as target:
        packages = await try_packages(target)
        try:
            await prepare(target)
            return packages, await try_gateway(target, scripts=scripts)
        except Exception as wrong:  # as above
            return packages, gateway_not_shown(told_of(wrong))


async def _scripts(settings: Settings, place: Path) -> tuple[list[Line], str]:
    """The lines of scripts, and how the sandbox holds them."""
    async with AsyncExitStack() as stack:
        small = replace(settings.sandbox, memory=min(settings.sandbox.memory, _MOST_MEMORY))
        sandbox = open_sandbox(replace(settings, sandbox=small), PrometheusMeter(), stack)
        if sandbox is None:
            why = f"{_REFUSED}: sandbox.enabled is false"
            return scripts_not_shown(why), why
        await sandbox.check()
        if not sandbox.ok:
            return scripts_not_shown(sandbox.detail), f"{_REFUSED}: {sandbox.detail}"
        bounds = Bounds(
            memory=small.memory, processes=small.processes, work=small.work, open_files=small.open_files
        )
        canary = f"tidegate-canary-{secrets.token_hex(8)}"
        others = await _neighbour(sandbox, canary, Path(small.folder or tempfile.gettempdir()))
        around = await stack.enter_async_context(surroundings(canary, place, bounds, others))
        lacking = {} if others else {"other_skill": _NO_NEIGHBOUR}
        return await try_scripts(sandbox, around, lacking), sandbox.detail


async def _neighbour(sandbox: CheckedSandbox, canary: str, folder: Path) -> list[str]:
    """Another tenant's skill that has been run, whose files still lie where skills are laid out."""
    name = "references/secret.md"
    run = ScriptRun(
        tenant="neighbour",
        skill="other",
        digest=f"sha256:{canary}",
        files={name: canary.encode(), "scripts/nothing.py": b""},
        script="scripts/nothing.py",
        arguments=(),
        seconds=20.0,
        output_bytes=1_000,
    )
    await sandbox.run(run, lambda: True)
    return await asyncio.to_thread(lambda: [str(path) for path in folder.glob(f"*/{canary}/{name}")])


@asynccontextmanager
async def audited_gateway(
    settings: Settings, home: Path, scopes: RouteScopes = ROUTE_SCOPES
) -> AsyncGenerator[Target]:
    """A gateway on loopback with these settings, before an emulated provider and one that leaks keys."""
    upstream_key = f"sk-audit-{secrets.token_hex(16)}"
    async with AsyncExitStack() as stack:
        log = stack.enter_context(_captured_log())
        provider = await start_emulator(PROFILES["instant"])
        stack.push_async_callback(provider.close)
        leaky = await stack.enter_async_context(leaky_provider())
        own = _settings_for_audit(settings, home, (provider.url, leaky.url), upstream_key)
        keys = await _keys(own)
        server, warm_up = await assemble(own, new_process_id(), stack, None, scopes)
        await server.listen(own.server.host, 0)
        await warm_up()
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60.0)
        await stack.enter_async_context(client)
        yield Target(
            client=client,
            host=own.server.host,
            port=server.port,
            keys=keys,
            provider=provider,
            leaky=leaky,
            home=own.home,
            upstream_key=upstream_key,
            log=log.getvalue,
            swap_archive=partial(_swap_archive, own),
            body_limit=own.limits.body,
        )


def _settings_for_audit(settings: Settings, home: Path, urls: tuple[str, str], upstream_key: str) -> Settings:
    """What guards and limits, section by section; nothing that leads to data, providers, people or a port."""
    provider, leaky = urls
    return Settings(
        home=home,
        server=replace(settings.server, host="127.0.0.1", port=0, workers=1),
        upstream=Upstream(url=provider, key=upstream_key),
        upstreams={"leaky": NamedUpstream(url=leaky, key=upstream_key, models=(LEAK_MODEL,))},
        identity=replace(settings.identity, secret_file=""),
        limits=settings.limits,
        headers=settings.headers,
        routing=settings.routing,
        spool=settings.spool,
        ledger=settings.ledger,
        cache=settings.cache,
        hosted=settings.hosted,
        sandbox=settings.sandbox,
        packages=settings.packages,
        scan=replace(settings.scan, second=()),
        native=settings.native,
    )


async def _keys(settings: Settings) -> dict[str, str]:
    """The secrets of the audit's own keys, by name."""
    clock = SystemClock()
    store = await open_store(settings.store_url, clock=clock)
    try:
        services = Services(store, clock, hosts=ConfiguredSkillHosts(settings))
        made = {
            name: await create_key(
                services, role=role, name=name, tenant=tenant, actor="audit", reason="audit"
            )
            for name, (role, tenant) in KEYS.items()
        }
    finally:
        await store.close()
    return {name: secret for name, (_, secret, _) in made.items()}


async def _swap_archive(settings: Settings, digest: str, archive: bytes) -> None:
    """Write to the audit's own store past the gateway, which has no way to do this."""
    database = Database(parse_url(settings.store_url))
    try:
        async with database.write() as connection:
            same = SKILL_ARCHIVE.c.digest == digest
            await connection.execute(update(SKILL_ARCHIVE).where(same).values(archive=archive))
    finally:
        await database.close()


@contextmanager
def _captured_log() -> Generator[StringIO]:
    """All that is logged meanwhile, in memory and nowhere else."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    told = StringIO()
    configure_logs("info", into=told)
    try:
        yield told
    finally:
        root.handlers, root.level = handlers, level


def _installation(settings: Settings, held_by: str) -> dict[str, str]:
    """What was audited, without a secret."""
    limits = package_limits(settings)
    return {
        "home": str(settings.home),
        "store": settings.store_url.partition(":")[0],
        "sandbox": held_by,
        "scanner blocks": settings.scan.block,
        "second opinion": settings.scan.second[0] if settings.scan.second else "none",
        "packages": f"{limits.unpacked_bytes:,} bytes, {limits.files:,} files, ratio {limits.ratio}",
        "requests": f"{settings.limits.body:,} bytes of body, {settings.server.max_head:,} of head",
    }


_REFUSED = "no script runs"
_NO_NEIGHBOUR = (
    "the files of another tenant's skill, which had just run, were not found where skills are laid out"
)
