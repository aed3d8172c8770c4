"""The hosted loop of a serving process: skills' files in memory, the sandbox, the fleet's key."""

from contextlib import AsyncExitStack

from tidegate.adapters.prices import ListPrices
from tidegate.adapters.sandbox.checked import CheckedSandbox
from tidegate.adapters.sandbox.none import NoSandbox
from tidegate.adapters.telemetry.prometheus import PrometheusMeter
from tidegate.bootstrap.sandbox import open_sandbox
from tidegate.config import Settings, unit_secret
from tidegate.domain.hosted import Limits
from tidegate.ports import Clock, Skills
from tidegate.serving.hosted.archives import Archives
from tidegate.serving.hosted.hosting import Hosting
from tidegate.serving.hosted.settings import HostedSettings


def open_archives(settings: Settings, skills: Skills) -> Archives:
    """The files of served skills, none of them loaded yet."""
    return Archives(skills, limit=settings.hosted.archives)


def open_hosting(
    settings: Settings,
    archives: Archives,
    stack: AsyncExitStack,
    *,
    meter: PrometheusMeter,
    prices: ListPrices,
    clock: Clock,
) -> tuple[Hosting, CheckedSandbox | None]:
    """Hosting as it is configured, and its sandbox; without one, every script is refused."""
    given = settings.hosted
    hosted = HostedSettings(
        limits=Limits(turns=given.turns, seconds=given.time, tokens=given.tokens),
        parallel=given.parallel,
        calls=given.calls,
        file_bytes=given.file,
        script_seconds=given.script_time,
        output_bytes=given.script_output,
        archive_bytes=given.archives,
        result_bytes=given.results,
    )
    sandbox = open_sandbox(settings, meter, stack)
    hosting = Hosting(
        hosted,
        archives=archives,
        sandbox=sandbox or NoSandbox(),
        secret=unit_secret(settings),
        meter=meter,
        prices=prices,
        clock=clock,
        body_limit=settings.limits.body,
        deadline_seconds=settings.limits.deadline,
    )
    return hosting, sandbox
