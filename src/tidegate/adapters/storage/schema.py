"""The tables; migrations build them, a test holds the two together. Times are epoch seconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from tidegate.domain.tallying import SUM_FIELDS

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=_NAMES)

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key's type is exactly INTEGER."""

# ---- state ----------------------------------------------------------------------------------------------

REVISION = Table(
    "revision",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
"""One row: the number of the newest routing state. Whoever changes state locks it first."""

ROLLOUT = Table(
    "rollout",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("phase", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("body", Text, nullable=False),
)

EVENT = Table(
    "event",
    METADATA,
    Column("stream", Text),
    Column("seq", BigInteger, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("stream", "seq"),
)

STREAM_HEAD = Table(
    "stream_head",
    METADATA,
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The last event of each stream, so that cutting off a chain's end is found too."""

NOTICE = Table(
    "notice",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("delivered_at", Double),
)
Index(
    "ix_notice_pending",
    NOTICE.c.at,
    NOTICE.c.id,
    sqlite_where=NOTICE.c.delivered_at.is_(None),
    postgresql_where=NOTICE.c.delivered_at.is_(None),
)

LEASE = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)

PROCESS = Table(
    "process",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

SWITCH = Table(
    "switch",
    METADATA,
    Column("scope", Text),
    Column("target", Text),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("scope", "target"),
)

ACCESS_KEY = Table(
    "access_key",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("priority", Text, nullable=False, server_default="normal"),
    Column("expires_at", Double),
    Column("previous_hash", Text, index=True),
    Column("previous_until", Double),
    Column("last_used_at", Double),
)

QUOTA = Table(
    "quota",
    METADATA,
    Column("scope", Text),
    Column("target", Text),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("usd_per_day", Double),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("scope", "target"),
)
"""Amounts: null says nothing, 0 that no limit of that kind holds."""

CACHE_CLEARING = Table(
    "cache_clearing",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""Whose kept answers were cleared, and at which revision last; tenant `*` is all."""

SKILL_VERSION = Table(
    "skill_version",
    METADATA,
    Column("name", Text),
    Column("number", Integer, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("name", "number"),
    UniqueConstraint("name", "digest"),
)
"""`body` is the version as JSON; its `state` is the column's."""

SKILL_ARCHIVE = Table(
    "skill_archive",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("archive", LargeBinary, nullable=False),
)

SCAN_EXCEPTION = Table(
    "scan_exception", METADATA, Column("digest", Text, primary_key=True), Column("body", Text, nullable=False)
)
SKILL_CARD = Table(
    "skill_card", METADATA, Column("name", Text, primary_key=True), Column("body", Text, nullable=False)
)

SKILL_SCORE = Table(
    "skill_score",
    METADATA,
    Column("name", Text),
    Column("version", Integer, autoincrement=False),
    Column("score", Double, nullable=False),
    Column("parts", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("name", "version"),
)
"""The effectiveness that routes go by; `parts` as JSON."""

SKILL_SYNC = Table(
    "skill_sync",
    METADATA,
    Column("digest", Text),
    Column("upstream", Text),
    Column("tenant", Text),
    Column("name", Text, nullable=False),
    Column("skill_id", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("digest", "upstream", "tenant"),
)
"""Where a version is at an upstream's provider, in the gateway's workspace (tenant empty) or a tenant's."""

# ---- ledger ---------------------------------------------------------------------------------------------

EXCHANGE = Table(
    "exchange",
    METADATA,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Double, nullable=False),
    Column("finished_at", Double, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("unit_hash", Text, nullable=False),
    Column("message_id", Text),
    Column("rollout", Text),
    Column("attempt", Integer, nullable=False),
    Column("stage", Integer),
    Column("arm", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("faulted", Boolean, nullable=False),
    Column("own_unit", Boolean, nullable=False),
    Column("delivered", Boolean),
    Column("delivered_seconds", Double),
    Column("body", Text, nullable=False),
)
"""`seq` is the order of arrival, in which evidence is summed; `own_unit` marks triggered evidence of
rollouts whose unit is the request; `body` is the whole exchange as JSON, as it was recorded."""
Index("ix_exchange_at_id", EXCHANGE.c.at, EXCHANGE.c.id)
Index(
    "ix_exchange_message",
    EXCHANGE.c.message_id,
    sqlite_where=EXCHANGE.c.message_id.is_not(None),
    postgresql_where=EXCHANGE.c.message_id.is_not(None),
)
Index(
    "ix_exchange_rollout",
    EXCHANGE.c.rollout,
    EXCHANGE.c.attempt,
    sqlite_where=EXCHANGE.c.rollout.is_not(None),
    postgresql_where=EXCHANGE.c.rollout.is_not(None),
)
Index(
    "ix_exchange_newest",
    EXCHANGE.c.rollout,
    EXCHANGE.c.attempt,
    EXCHANGE.c.stage,
    EXCHANGE.c.arm,
    EXCHANGE.c.finished_at,
    sqlite_where=text("own_unit = 1"),
    postgresql_where=EXCHANGE.c.own_unit,
)

COST = Table(
    "cost",
    METADATA,
    Column("slot", BigInteger, autoincrement=False),
    *(Column(name, Text) for name in ("tenant", "key_id", "model", "rollout", "skills")),
    Column("requests", BigInteger, nullable=False),
    Column("priced", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    Column("cache_hits", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_5m_tokens", BigInteger, nullable=False),
    Column("cache_write_1h_tokens", BigInteger, nullable=False),
    Column("cost_picos", BigInteger, nullable=False),
    PrimaryKeyConstraint("slot", "tenant", "key_id", "model", "rollout", "skills"),
)
"""Sums by quarter of an hour and account, as `domain/account` has them."""

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("rollout", Text),
    Column("attempt", Integer, autoincrement=False),
    Column("stage", Integer, autoincrement=False),
    Column("bucket", BigInteger, autoincrement=False),
    Column("arm", Text),
    *(Column(name, BigInteger, nullable=False) for name in SUM_FIELDS),
    Column("seconds", Text, nullable=False),
    Column("slow", Text, nullable=False),
    Column("bets", Text, nullable=False),
    PrimaryKeyConstraint("rollout", "attempt", "stage", "bucket", "arm"),
)
"""Sums per stage, arm and bucket; cost in 10⁻¹² dollars so that sums are exact in any order; `seconds`
is the latency histogram as JSON, cell to count, `slow` and `bets` the same of what `Tally` says."""

SKILL_HOUR = Table(
    "skill_hour",
    METADATA,
    Column("name", Text),
    Column("version", Integer, autoincrement=False),
    Column("hour", BigInteger, autoincrement=False),
    Column("served", Boolean),
    Column("requests", BigInteger, nullable=False),
    Column("ok", BigInteger, nullable=False),
    Column("priced", BigInteger, nullable=False),
    Column("cost_picos", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Column("up", BigInteger, nullable=False),
    Column("down", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "version", "hour", "served"),
)
"""Sums per skill version and hour, of requests served with it and of those that wanted it in control."""
Index("ix_skill_hour_hour", SKILL_HOUR.c.hour)

UNIT_STATE = Table(
    "unit_state",
    METADATA,
    Column("rollout", Text),
    Column("attempt", Integer, autoincrement=False),
    Column("stage", Integer, autoincrement=False),
    Column("unit", Text),
    Column("arm", Text, nullable=False),
    Column("triggered", Boolean, nullable=False),
    Column("recent", Integer, nullable=False),
    Column("short_step", Integer, nullable=False),
    Column("short_count", Integer, nullable=False),
    Column("long_step", Integer, nullable=False),
    Column("long_count", Integer, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("last_faulted", Boolean, nullable=False),
    Column("priced", Integer, nullable=False, server_default="0"),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    Column("expected", BigInteger, nullable=False, server_default="0"),
    Column("charged", BigInteger, nullable=False, server_default="0"),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("rollout", "attempt", "unit", "stage"),
)
Index(
    "ix_unit_state_newest",
    UNIT_STATE.c.rollout,
    UNIT_STATE.c.attempt,
    UNIT_STATE.c.stage,
    UNIT_STATE.c.arm,
    UNIT_STATE.c.last_at,
    sqlite_where=text("triggered = 1"),
    postgresql_where=UNIT_STATE.c.triggered,
)

UNIT_EVENT = Table(
    "unit_event",
    METADATA,
    Column("rollout", Text),
    Column("attempt", Integer, autoincrement=False),
    Column("stage", Integer, autoincrement=False),
    Column("unit", Text),
    Column("kind", Text),
    Column("step", Integer, autoincrement=False),
    Column("arm", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("rollout", "attempt", "stage", "unit", "kind", "step"),
)
_PLACE = (UNIT_EVENT.c.rollout, UNIT_EVENT.c.attempt, UNIT_EVENT.c.stage)
Index("ix_unit_event_at", *_PLACE, UNIT_EVENT.c.at)

VOTE = Table(
    "vote",
    METADATA,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("vote", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("comment", Text),
    Column("exchange_id", Text),
    Column("counted", Boolean, nullable=False),
)
"""`exchange_id` is null while the vote is parked; at most one vote of an exchange is counted."""
Index(
    "ix_vote_counted",
    VOTE.c.exchange_id,
    unique=True,
    sqlite_where=text("counted = 1"),
    postgresql_where=VOTE.c.counted,
)
Index("ix_vote_request", VOTE.c.request_id)
Index(
    "ix_vote_parked",
    VOTE.c.request_id,
    sqlite_where=VOTE.c.exchange_id.is_(None),
    postgresql_where=VOTE.c.exchange_id.is_(None),
)
