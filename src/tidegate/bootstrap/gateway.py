"""A serving process: every part made and joined, run until a signal, and taken down in order."""

import gc
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.prices import ListPrices
from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.spool.shipper import Shipper
from tidegate.adapters.spool.writer import SpoolWriter
from tidegate.adapters.storage.store import open_store
from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.bootstrap.address import new_process_id, url_of
from tidegate.bootstrap.approving import approval_links
from tidegate.bootstrap.cache import Caches, open_cache, reuse_settings
from tidegate.bootstrap.emulated import emulated, served_by
from tidegate.bootstrap.guarding import with_guards
from tidegate.bootstrap.health import Health
from tidegate.bootstrap.home import open_home, unusable
from tidegate.bootstrap.hosting import open_archives, open_hosting
from tidegate.bootstrap.late_apis import LateApis
from tidegate.bootstrap.living import leave_for_dead, living
from tidegate.bootstrap.logs import configure_logs
from tidegate.bootstrap.note import announced
from tidegate.bootstrap.one_arena import use_one_arena
from tidegate.bootstrap.open_files import allow_open_files
from tidegate.bootstrap.private_memory import keep_memory_private
from tidegate.bootstrap.quotas import open_quotas
from tidegate.bootstrap.reporting import reports_by_themselves
from tidegate.bootstrap.scanning import second_opinion
from tidegate.bootstrap.signals import Signals
from tidegate.bootstrap.skill_hosts import ConfiguredSkillHosts
from tidegate.bootstrap.supervise import Supervised, running
from tidegate.bootstrap.upstreams import open_upstreams
from tidegate.bootstrap.valkey import open_valkey
from tidegate.bootstrap.workers.crew import Crew
from tidegate.bootstrap.workers.posting import Posting
from tidegate.bootstrap.workers.seats import Seats
from tidegate.config import Settings, unit_secret
from tidegate.control.loop import Controller
from tidegate.control.services import Services
from tidegate.control.switches import LocalSwitches
from tidegate.domain import metrics
from tidegate.domain.errors import StoreUnavailable
from tidegate.ports import IngestResult
from tidegate.registry.apart.process import ScanningProcess
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.hosting import Hosting
from tidegate.serving.keyring import Keyring
from tidegate.serving.quotas import Quotas
from tidegate.serving.routing import Follower, SnapshotHolder
from tidegate.serving.settings import ServingSettings
from tidegate.serving.snapshot import RoutingSnapshot
from tidegate.serving.upstreams import Upstreams
from tidegate.web.app import Dispatcher, LazyApp
from tidegate.web.connection_limits import ConnectionLimits
from tidegate.web.gateway_api import Gateway
from tidegate.web.route_scopes import ROUTE_SCOPES, RouteScopes
from tidegate.web.server import Server

_log = logging.getLogger("tidegate.process")


async def run_gateway(
    settings: Settings, announce: Callable[[str, str], None], *, emulator: bool = False
) -> int:
    """Serve until SIGTERM or SIGINT, finish what is in flight, and return the exit code.

    `announce` is called once it is ready, with its URL and that of the emulated provider, or "". A second
    signal ends the waiting. Raises InvalidInput, Conflict (the port is taken), StoreUnavailable.
    """
    configure_logs("info")
    keep_memory_private()
    use_one_arena()
    allow_open_files(settings.limits.concurrency, settings.upstream.max_connections)
    signals = Signals()
    process_id = new_process_id()
    async with AsyncExitStack() as stack:
        provider = await emulated(stack) if emulator else ""
        if provider:
            settings = served_by(settings, provider)
        server, warm_up = await assemble(settings, process_id, stack, None, ROUTE_SCOPES)
        await server.listen(settings.server.host, settings.server.port)
        await warm_up()
        url = url_of(settings.server.host, server.port)
        with announced(settings.home, url, process_id):
            announce(url, provider)
            await signals.stop.wait()
            _log.info("going down", extra={"delay": settings.drain.delay, "limit": settings.drain.limit})
            cut = await server.drain(
                delay=settings.drain.delay, limit=settings.drain.limit, hurry=signals.hurry
            )
    _log.info("down", extra={"cut": cut})
    return 0


async def run_worker(settings: Settings, posting: Posting) -> int:
    """Serve as one of several processes until the supervisor ends it, and return the exit code.

    Raises InvalidInput, StoreUnavailable.
    """
    configure_logs("info", worker=posting.place)
    keep_memory_private()
    use_one_arena()
    allow_open_files(settings.limits.concurrency, settings.upstream.max_connections)
    signals = Signals()
    listening, line = (socket.socket(fileno=inherited) for inherited in (posting.listening, posting.line))
    async with AsyncExitStack() as stack:
        crew = await Crew.over(line, signals.stop)
        stack.push_async_callback(crew.farewell)
        server, warm_up = await assemble(settings, new_process_id(), stack, crew, ROUTE_SCOPES)
        await stack.enter_async_context(running(Supervised("crew", crew.run)))
        server.listen_on(listening, Seats(posting.seats, posting.place))
        await warm_up()
        crew.ready()
        await signals.stop.wait()
        down = server.hand_over if crew.retiring else server.drain
        cut = await down(delay=settings.drain.delay, limit=settings.drain.limit, hurry=signals.hurry)
    _log.info("down", extra={"cut": cut, "replaced": crew.retiring})
    return 0


async def assemble(
    settings: Settings, process_id: str, stack: AsyncExitStack, crew: Crew | None, scopes: RouteScopes
) -> tuple[Server, Callable[[], Awaitable[None]]]:
    """Every part, joined; `stack` takes them down, the last first. The second begins what takes long."""
    stack.enter_context(open_home(settings.home))
    clock, meter = SystemClock(), PrometheusMeter()
    prices = ListPrices(settings.prices, clock)
    upstreams, keyring = await open_upstreams(settings, meter, clock, stack)
    valkey = open_valkey(settings.valkey, meter, stack)
    caches = open_cache(settings.cache, valkey, clock, meter)
    services = await _services(settings, clock, prices, stack)
    archives = open_archives(settings, services.store.skills)
    holder, follower = await _follow(settings, services, process_id, (archives.follow, caches.swapped), stack)
    await archives.step()
    controller = Controller(services, meter, holder=process_id, lease_seconds=settings.control.lease)
    writer, shipper = _spool(settings, services, process_id, meter=meter, controller=controller, stack=stack)
    quotas, keeping = await open_quotas(settings, services, holder, meter, valkey)
    own = [*_own(follower, archives, keyring), *reports_by_themselves(settings, services, controller)]
    background = await _in_background(settings, own, controller, shipper, keeping, stack)
    hosting, sandbox = open_hosting(settings, archives, stack, meter=meter, prices=prices, clock=clock)
    gateway = _gateway(settings, services, holder, quotas, hosting, upstreams, writer, meter, prices, caches)
    services = _join(services, gateway, controller, stack)
    health = Health(
        gateway=gateway,
        holder=holder,
        shipper=shipper,
        prices=prices,
        meter=meter,
        background=[*background, controller],
        confirm_seconds=settings.routing.confirm,
        valkey=valkey,
        cache=caches.near,
        keyring=keyring,
        sandbox=sandbox,
    )
    local = _in_crew(crew, health, settings, services)
    late = _late_apis(settings, services, holder, stack, scopes)
    skills, control = late.skills(gateway), late.control(local, after=prices.wait)
    health.server = Server(Dispatcher(gateway, control, health.probes(), skills), _limits(settings))
    return health.server, partial(_warm_up, prices, control, sandbox)


def _join(services: Services, gateway: Gateway, controller: Controller, stack: AsyncExitStack) -> Services:
    """Controller and control plane hear which breakers are open here."""
    joined = replace(services, breaking=lambda: gateway.guards.troubled)
    controller.hear(joined.breaking)
    stack.push_async_callback(gateway.close)
    return joined


def _late_apis(
    settings: Settings, services: Services, holder: SnapshotHolder, stack: AsyncExitStack, scopes: RouteScopes
) -> LateApis:
    """Who reads packages does not wait for who publishes: either has a process."""
    scanning, reading = _apart(stack), _apart(stack)
    second = second_opinion(settings)
    return LateApis(settings, services, holder, stack, scopes, scanning.scan, second, reading)


def _apart(stack: AsyncExitStack) -> ScanningProcess:
    process = ScanningProcess()
    stack.push_async_callback(process.close)
    return process


def _own(follower: Follower, archives: Archives, keyring: Keyring) -> list[Supervised]:
    return [Supervised("follower", follower.run), Supervised("skill-files", archives.run), _keep(keyring)]


def _keep(keyring: Keyring) -> Supervised:
    Signals.on_hangup(keyring.reread)  # all keys of upstreams are read again
    return Supervised("keyring", keyring.run)


def _gateway(  # noqa: PLR0917 (each is one of its kind: their types tell them apart)
    settings: Settings,
    services: Services,
    holder: SnapshotHolder,
    quotas: Quotas,
    hosting: Hosting,
    upstreams: Upstreams,
    spool: SpoolWriter,
    meter: PrometheusMeter,
    prices: ListPrices,
    caches: Caches,
) -> Gateway:
    return Gateway(
        with_guards(_serving_settings(settings), settings),
        holder=holder,
        upstreams=upstreams,
        spool=spool,
        ledger=services.store.ledger,
        meter=meter,
        prices=prices,
        clock=services.clock,
        quotas=quotas,
        cache=caches.whole,
        hosting=hosting,
    )


async def _services(
    settings: Settings, clock: SystemClock, prices: ListPrices, stack: AsyncExitStack
) -> Services:
    store = await open_store(settings.store_url, clock=clock)
    stack.push_async_callback(store.close)
    hosts = ConfiguredSkillHosts(settings)
    return Services(store, clock, hosts=hosts, links=approval_links(settings), prices=prices)


async def _warm_up(prices: ListPrices, control: LazyApp, sandbox: CheckedSandbox | None) -> None:
    prices.start()
    control.start().add_done_callback(_spare_the_collector)
    await prices.there()
    if sandbox is not None:
        sandbox.start()


def _serving_settings(settings: Settings) -> ServingSettings:
    return ServingSettings(
        home_secret=unit_secret(settings),
        unit_rule=settings.identity.unit,
        body_limit=settings.limits.body,
        bodies=settings.limits.bodies,
        concurrency=settings.limits.concurrency,
        deadline_seconds=settings.limits.deadline,
        identify=settings.headers.identify,
        reuse=reuse_settings(settings.cache),
        conversation_grace=settings.routing.conversation_grace,
        native_dialect=settings.native.dialect,
    )


async def _take_over(settings: Settings, services: Services, process_id: str, stack: AsyncExitStack) -> None:
    """Say goodbye for processes of this home that were killed, and be known as alive from now on."""
    stack.enter_context(living(settings.home, process_id))
    await leave_for_dead(settings.home, services.store.routing.leave)


async def _follow(
    settings: Settings,
    services: Services,
    process_id: str,
    swapped: Sequence[Callable[[RoutingSnapshot], None]],
    stack: AsyncExitStack,
) -> tuple[SnapshotHolder, Follower]:
    """The first snapshot is there when this returns: what is accepted can be served."""
    await _take_over(settings, services, process_id, stack)
    holder = SnapshotHolder(services.clock, confirm_seconds=settings.routing.confirm)
    follower = Follower(
        services.store.routing,
        holder,
        services.clock,
        process_id,
        poll=settings.routing.poll,
        heartbeat=settings.routing.heartbeat,
        on_swap=partial(_tell, swapped),
    )
    await follower.step()
    stack.push_async_callback(_leave, follower)
    return holder, follower


def _tell(swapped: Sequence[Callable[[RoutingSnapshot], None]], snapshot: RoutingSnapshot) -> None:
    for told in swapped:
        told(snapshot)


async def _leave(follower: Follower) -> None:
    try:
        await follower.leave()
    except StoreUnavailable as away:
        _log.warning(
            "left without saying so: others stop waiting for this process by itself", extra={"why": str(away)}
        )


async def _in_background(  # noqa: PLR0917 (each is one of its kind: their types tell them apart)
    settings: Settings,
    following: Sequence[Supervised],
    controller: Controller,
    shipper: Shipper,
    keeping: Sequence[Supervised],
    stack: AsyncExitStack,
) -> list[Supervised]:
    """What runs beside serving; the shipper is closed after its work has ended, and ships once more then."""
    background = [
        *following,
        Supervised("shipper", shipper.run),
        Supervised("disk-sync", shipper.sync),
        *keeping,
    ]
    if settings.control.enabled:
        background.append(Supervised("controller", controller.run))
    for supervised in background:
        await stack.enter_async_context(running(supervised))
    return background


def _spool(
    settings: Settings,
    services: Services,
    process_id: str,
    *,
    meter: PrometheusMeter,
    controller: Controller,
    stack: AsyncExitStack,
) -> tuple[SpoolWriter, Shipper]:
    """The way of an exchange to the ledger; new evidence wakes the controller."""

    def dropped(count: int) -> None:
        meter.add(metrics.LEDGER_DROPPED, (), count)

    def ingested(result: IngestResult) -> None:
        if result.rollouts:
            controller.wake()

    folder = settings.home / "spool"
    try:
        writer = SpoolWriter(folder, process_id, limit_bytes=settings.spool.limit, on_drop=dropped)
    except OSError as wrong:
        raise unusable(settings.home, wrong) from wrong
    shipper = Shipper(
        writer,
        folder,
        services.store.ledger,
        clock=services.clock,
        on_ingest=ingested,
        interval=settings.ledger.interval,
        fsync=settings.spool.fsync,
    )
    stack.push_async_callback(shipper.close)
    return writer, shipper


def _in_crew(crew: Crew | None, health: Health, settings: Settings, services: Services) -> LocalSwitches:
    """Who takes a switch of this machine alone: this process, or all the workers it is one of."""
    if crew is None:
        return health.holder
    health.crew = crew
    crew.join(health.report, health.holder, partial(_mourn, settings, services, health.shipper))
    return crew


async def _mourn(settings: Settings, services: Services, shipper: Shipper) -> None:
    """Another process of this home has died: take over what it left, and say goodbye in its name."""
    shipper.adopt_soon()
    try:
        await leave_for_dead(settings.home, services.store.routing.leave)
    except StoreUnavailable as away:
        _log.warning("a dead process is not taken off the list: the store is away", extra={"why": str(away)})


def _spare_the_collector(_: object) -> None:
    """What was imported stays for good: a full collection need not walk it while requests wait.

    No request leaves cycles behind, however it ends, so the youngest objects are looked through after 5,000,
    not 700. What of a library's own does is old by then: all are looked through at every eighth such look.
    """
    gc.freeze()
    gc.set_threshold(5_000, 4, 2)


def _limits(settings: Settings) -> ConnectionLimits:
    given = settings.server
    return ConnectionLimits(
        max_head=given.max_head,
        max_headers=given.max_headers,
        head_timeout=given.head_timeout,
        body_timeout=given.body_timeout,
        body_rate=given.body_rate,
        keep_alive=given.keep_alive,
    )
