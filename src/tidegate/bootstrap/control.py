"""The control API in this process, over a home's own store: what commands work with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tidegate.adapters.clock import SystemClock
from tidegate.adapters.prices import ListPrices
from tidegate.adapters.storage.store import open_store
from tidegate.bootstrap.approving import approval_links
from tidegate.bootstrap.home import open_home
from tidegate.bootstrap.living import leave_for_dead
from tidegate.bootstrap.logs import configure_logs
from tidegate.bootstrap.packages import package_limits
from tidegate.bootstrap.scanning import scan_policy, second_opinion
from tidegate.bootstrap.skill_hosts import ConfiguredSkillHosts
from tidegate.config import Settings
from tidegate.control.caller import by_home
from tidegate.control.services import Services
from tidegate.registry.scan.here import ScanningHere
from tidegate.web.control_api import create_control_api


@asynccontextmanager
async def open_control(settings: Settings, *, actor: str) -> AsyncGenerator[FastAPI]:
    """The control API with `actor` as its operator, by possession of the home; creates home and store.

    Raises InvalidInput, StoreUnavailable.
    """
    configure_logs("warning")
    clock = SystemClock()
    with open_home(settings.home):
        store = await open_store(settings.store_url, clock=clock)
        try:
            await leave_for_dead(settings.home, store.routing.leave)
            services = Services(
                store,
                clock,
                hosts=ConfiguredSkillHosts(settings),
                links=approval_links(settings),
                prices=ListPrices(settings.prices, clock),
            )
            yield create_control_api(
                services,
                by_home(actor),
                scan=ScanningHere().scan,
                policy=scan_policy(settings),
                limits=package_limits(settings),
                second=second_opinion(settings),
            )
        finally:
            await store.close()
