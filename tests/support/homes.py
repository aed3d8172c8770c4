"""A home with its keys, made in this process: what a test begins with need not come by the command line."""

from collections.abc import Sequence
from pathlib import Path

from fresh_store import fresh_store

from tidegate.adapters.clock import SystemClock
from tidegate.bootstrap.home import open_home
from tidegate.bootstrap.skill_hosts import ConfiguredSkillHosts
from tidegate.config import load
from tidegate.control.keys import create_key
from tidegate.control.services import Services

FILE = "tidegate.db"


async def home_with_keys(home: Path, roles: Sequence[str] = ("client", "operator")) -> list[str]:
    """The home as a first command leaves it, its configuration read; returns a secret for each role."""
    settings = load(home=home, environ={}).settings
    clock = SystemClock()
    with open_home(settings.home):
        store = await fresh_store(settings.home / FILE, clock)
        try:
            services = Services(store, clock, hosts=ConfiguredSkillHosts(settings))
            made = [
                await create_key(services, role=role, name=role, actor="test", reason="test")
                for role in roles
            ]
        finally:
            await store.close()
    return [secret for _, secret, _ in made]
