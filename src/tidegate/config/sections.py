"""What an operator may set, section by section: each setting with its parser, its default and its purpose."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import (
    between,
    choice,
    dollars,
    lasting,
    limit,
    names,
    size,
    some_of,
    text,
    timezone,
    truth,
    url,
    valkey_url,
    whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The listening side."""

    host: str = setting(text, "127.0.0.1", "Address to listen on.")
    port: int = setting(between(0, 65535, whole), "8080", "Port to listen on; 0 takes any free one.")
    workers: int = setting(
        between(1, 64, whole),
        "1",
        "Serving processes on this machine; more than one share the port, and a supervisor keeps them going.",
    )
    max_head: int = setting(size, "64KiB", "Bytes of request line and headers; more is answered with 431.")
    max_headers: int = setting(between(1, 10_000, whole), "100", "Headers in a request; more is a 431.")
    head_timeout: float = setting(
        lasting("100ms", "1h"), "10s", "From a request's first byte to the end of its head."
    )
    body_timeout: float = setting(lasting("100ms", "1h"), "30s", "Between two pieces of a request's body.")
    body_rate: int = setting(
        between(1, 100_000, size),
        "1KiB",
        "Bytes a second that a request's body must come at, past its first `body_timeout`.",
    )
    keep_alive: float = setting(
        lasting("100ms", "24h"), "75s", "How long an idle client connection is kept open."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where state and ledger live."""

    url: str = setting(
        text,
        "",
        "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`; empty: `tidegate.db` in the home.",
        secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The provider's API; it takes every model that no `[upstreams.NAME]` claims."""

    kind: str = setting(
        choice("anthropic", "openai"), "anthropic", "Which API it speaks: Messages, or chat completions."
    )
    url: str = setting(
        url("http", "https"), "https://api.anthropic.com", "Base URL of the API, without the `/v1`."
    )
    key: str = setting(
        text, "", "The gateway's own key there; a client's key is never forwarded.", secret=True
    )
    key_file: str = setting(text, "", "A file with the key in its first line; read again when it changes.")
    client: str = setting(choice("http1", "aiohttp"), "http1", "Tidegate's own HTTP/1.1 client, or aiohttp.")
    ca_file: str = setting(text, "", "PEM file of certificate authorities instead of the system's.")
    client_cert: str = setting(text, "", "PEM file of a client certificate, for mutual TLS.")
    client_key: str = setting(text, "", "PEM file of the client certificate's key.")
    proxy: str = setting(text, "", "`http://[USER:PASSWORD@]HOST:PORT` of a CONNECT proxy.", secret=True)
    connect_timeout: float = setting(lasting("10ms", "5m"), "5s", "For connecting, TLS and proxy included.")
    max_connections: int = setting(
        between(1, 65535, whole),
        "1000",
        "Connections to the upstream; fewer than exchanges at once: they queue.",
    )
    idle: float = setting(lasting("100ms", "1h"), "30s", "How long an idle upstream connection is kept.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedUpstream(Upstream):
    """A further provider, which takes the models it claims."""

    models: tuple[str, ...] = setting(names, "", "Globs of the models that go there, as in `gpt-*`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request, and all together, may take."""

    body: int = setting(size, "32MB", "Bytes of a request body; more is answered with 413.")
    bodies: int = setting(
        size,
        "1GB",
        "Bytes of the bodies that one process reads and serves at once; more is a 529. Those of one key that "
        "are not here in full take a quarter of it.",
    )
    concurrency: int = setting(
        between(1, 1_000_000, whole), "1000", "Exchanges at once; more wait in the queue for a place."
    )
    queue: int = setting(
        between(0, 1_000_000, whole),
        "200",
        "Requests that may wait for a place; of one more, whoever has the lowest priority is a 529 at once.",
    )
    queue_wait: float = setting(
        lasting("1ms", "60s"), "250ms", "How long one waits for a place before it is a 529."
    )
    deadline: float = setting(
        lasting("100ms", "24h"), "600s", "An exchange as a whole where its variant says nothing."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Limits for every key and tenant that `tidegate quota set` says nothing of, and how they are counted."""

    key_requests_per_minute: int | None = setting(limit(whole, 1), "none", "Exchanges a minute of one key.")
    key_tokens_per_minute: int | None = setting(
        limit(whole, 1), "none", "Tokens a minute of one key: input, cache writes and output."
    )
    key_usd_per_day: float | None = setting(limit(dollars, 1e-6), "none", "US dollars a day of one key.")
    tenant_requests_per_minute: int | None = setting(
        limit(whole, 1), "none", "Exchanges a minute of all keys of a tenant together."
    )
    tenant_tokens_per_minute: int | None = setting(
        limit(whole, 1), "none", "Tokens a minute of all keys of a tenant together."
    )
    tenant_usd_per_day: float | None = setting(
        limit(dollars, 1e-6), "none", "US dollars a day of all keys of a tenant together."
    )
    burst: float = setting(
        lasting("1s", "60s"),
        "60s",
        "How much of a minute's limit may be used at once: so many seconds of it.",
    )
    timezone: str = setting(timezone, "UTC", "Where the day of `usd_per_day` begins at midnight.")
    refresh: float = setting(
        lasting("100ms", "1h"), "5s", "How often to read from the store what was spent today, and who lives."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakers:
    """Circuit breakers, one for each upstream and model, and one for each skill version."""

    failures: int = setting(
        between(1, 64, whole),
        "10",
        "So many failures among the latest `window` results open an upstream's breaker.",
    )
    window: int = setting(between(1, 64, whole), "20", "Results looked at; at least `failures`.")
    skill_failures: int = setting(
        between(1, 64, whole),
        "20",
        "The same for a skill's: more, since a rollout's gates are to see its failures first.",
    )
    skill_window: int = setting(between(1, 64, whole), "40", "Results looked at; at least `skill_failures`.")
    probe_interval: float = setting(
        lasting("50ms", "10m"), "2s", "While one is open, a request is let through so often, to see."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How much may be retried at one upstream, so that retries do not multiply an outage."""

    percent: int = setting(between(0, 100, whole), "20", "Retries for each hundred requests …")
    floor: int = setting(between(0, 10_000, whole), "10", "… and so many more a second.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Other models and providers, for requests that fail at their own; see below for `models`."""

    timeout: float = setting(
        lasting("100ms", "24h"),
        "60s",
        "To the first content byte, where another one is left to ask. An answer that is not streamed has "
        "none before it is whole: set this above the longest, or the next one is asked.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Response headers of the gateway's own."""

    identify: bool = setting(
        truth,
        "true",
        "Send `tidegate-request-id`, `-rollout`, `-arm`, `-skills`, `-cache` and `-fallback`.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """How a process follows the store's state."""

    poll: float = setting(lasting("5ms", "60s"), "50ms", "How often to ask for a newer revision.")
    heartbeat: float = setting(lasting("100ms", "15s"), "2s", "How often this process says that it lives.")
    confirm: float = setting(
        lasting("1s", "60s"),
        "60s",
        "Without the store's confirmation for so long, running rollouts serve the baseline.",
    )
    conversation_grace: float = setting(
        lasting("0s", "30d"),
        "1h",
        "After a step, an unknown conversation in progress keeps its variant for so long.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Going down without losing an answer."""

    delay: float = setting(
        lasting("0s", "10m"), "1s", "Not ready but still accepting, so that balancers notice."
    )
    limit: float = setting(
        lasting("0s", "24h"), "25s", "For requests in flight to finish; then they are cut."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """The hand-off from the request path to the ledger, on this machine's disk."""

    limit: int = setting(
        size,
        "1GB",
        "Bytes that wait there, of dead processes too; beyond, exchanges are dropped and counted.",
    )
    fsync: float = setting(lasting("10ms", "10m"), "1s", "How often to fsync: what a power loss may cost.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Moving exchanges from the spool to the store."""

    interval: float = setting(lasting("10ms", "60s"), "250ms", "At most this long between batches.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is kept on one side."""

    unit: tuple[str, ...] = setting(
        some_of("metadata", "header", "key"),
        "metadata,header,key",
        "Where to read the unit, the first there is: body `metadata.user_id`, header `tidegate-unit`, key.",
    )
    secret_file: str = setting(
        text,
        "",
        "32 bytes that key the hashes of units, the same for all gateways on one store; "
        "empty: `secret` in the home, made at the first start.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The rollout controller."""

    enabled: bool = setting(truth, "true", "Whether this process may lead; false serves only.")
    lease: float = setting(lasting("1s", "10m"), "10s", "How long leadership lasts unrenewed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Answers that are given again; a rollout's variant says by `cache` whether its own may be."""

    when: str = setting(
        choice("off", "deterministic", "always"),
        "off",
        "Outside rollouts: which requests may be answered by an earlier answer to an equal one; "
        "`deterministic` are those of temperature 0.",
    )
    ttl: float = setting(lasting("1s", "30d"), "1h", "Outside rollouts: for how long.")
    memory: int = setting(size, "64MB", "What the answers kept in this process may take; 0B keeps none.")
    entry: int = setting(size, "1MB", "A larger answer is not kept.")
    wait: float = setting(
        lasting("0s", "5m"),
        "5s",
        "An equal request in progress is waited for so long, then the provider is asked all the same.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey:
    """What several gateways share beside the store; they serve on without it."""

    url: str = setting(
        valkey_url,
        "",
        "`valkey://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `valkeys://…` for TLS; empty: none.",
        secret=True,
    )
    ca_file: str = setting(text, "", "PEM file of certificate authorities instead of the system's.")
    prefix: str = setting(text, "tidegate:", "What every key begins with.")
    timeout: float = setting(
        lasting("1ms", "5s"), "20ms", "For one command; a request goes on without its answer then."
    )
    connect_timeout: float = setting(lasting("10ms", "5m"), "2s", "For connecting, TLS included.")
    max_connections: int = setting(between(1, 65535, whole), "64", "Connections to the server.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """Skills that Anthropic providers serve themselves (`tidegate.mode: native`)."""

    dialect: str = setting(
        choice("ga", "beta"),
        "ga",
        "How providers are asked: as since skills left beta, or under the `skills-2025-10-02` headers.",
    )
