"""All settings of a gateway, their defaults and what each is for; the reference page is made from this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from tidegate.config.approvals import Approvals
from tidegate.config.chains import Chain
from tidegate.config.credential import Credential
from tidegate.config.hosted import Hosted
from tidegate.config.packages import Packages
from tidegate.config.reports import Reports
from tidegate.config.sandbox import Sandbox
from tidegate.config.scan import Scan
from tidegate.config.sections import (
    Breakers,
    Cache,
    Control,
    Drain,
    Fallback,
    Headers,
    Identity,
    Ledger,
    Limits,
    NamedUpstream,
    Native,
    Quotas,
    Retries,
    Routing,
    Server,
    Spool,
    Store,
    Upstream,
    Valkey,
)
from tidegate.domain.cost import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a gateway process is told; times in seconds, sizes in bytes."""

    home: Path
    server: Server = field(default_factory=Server)
    store: Store = field(default_factory=Store)
    upstream: Upstream = field(default_factory=Upstream)
    limits: Limits = field(default_factory=Limits)
    quotas: Quotas = field(default_factory=Quotas)
    breakers: Breakers = field(default_factory=Breakers)
    retries: Retries = field(default_factory=Retries)
    fallback: Fallback = field(default_factory=Fallback)
    headers: Headers = field(default_factory=Headers)
    routing: Routing = field(default_factory=Routing)
    drain: Drain = field(default_factory=Drain)
    spool: Spool = field(default_factory=Spool)
    ledger: Ledger = field(default_factory=Ledger)
    identity: Identity = field(default_factory=Identity)
    control: Control = field(default_factory=Control)
    reports: Reports = field(default_factory=Reports)
    approvals: Approvals = field(default_factory=Approvals)
    cache: Cache = field(default_factory=Cache)
    valkey: Valkey = field(default_factory=Valkey)
    hosted: Hosted = field(default_factory=Hosted)
    sandbox: Sandbox = field(default_factory=Sandbox)
    packages: Packages = field(default_factory=Packages)
    scan: Scan = field(default_factory=Scan)
    native: Native = field(default_factory=Native)
    upstreams: Mapping[str, NamedUpstream] = field(default_factory=dict[str, NamedUpstream])
    credentials: Mapping[str, Credential] = field(default_factory=dict[str, Credential])
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    chains: Mapping[str, Chain] = field(default_factory=dict[str, Chain])

    @property
    def store_url(self) -> str:
        """The store's URL; an SQLite file in the home where none is given."""
        return self.store.url or f"sqlite:///{self.home.absolute() / 'tidegate.db'}"


SECTIONS: dict[str, type] = {
    "server": Server,
    "store": Store,
    "upstream": Upstream,
    "limits": Limits,
    "quotas": Quotas,
    "breakers": Breakers,
    "retries": Retries,
    "fallback": Fallback,
    "headers": Headers,
    "routing": Routing,
    "drain": Drain,
    "spool": Spool,
    "ledger": Ledger,
    "identity": Identity,
    "control": Control,
    "reports": Reports,
    "approvals": Approvals,
    "cache": Cache,
    "valkey": Valkey,
    "hosted": Hosted,
    "sandbox": Sandbox,
    "packages": Packages,
    "scan": Scan,
    "native": Native,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as the loader and the reference page see it; `key` is `section.name`."""

    section: str
    name: str
    parse: Callable[[object], object]
    written: str
    help: str
    secret: bool

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        return f"TIDEGATE_{self.section}_{self.name}".upper()


def entries() -> tuple[Entry, ...]:
    """Every setting, in the order of the reference page."""
    return tuple(entry for section, shape in SECTIONS.items() for entry in entries_of(section, shape))


def entries_of(section: str, shape: type) -> tuple[Entry, ...]:
    """The settings of one section, by the dataclass they become."""
    return tuple(Entry(section, item.name, **item.metadata) for item in fields(shape))
