"""The first tables: routing state, its hash-chained events, and the ledger with its evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _access_key()
    _event()
    _evidence()
    _exchange()
    _lease()
    _notice()
    _process()
    _revision()
    _rollout()
    _skill_archive()
    _skill_version()
    _stream_head()
    _switch()
    _unit_event()
    _unit_state()
    _vote()
    op.execute("INSERT INTO revision (id, number) VALUES (1, 1)")


def _access_key() -> None:
    op.create_table(
        "access_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("revoked_at", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
        sa.UniqueConstraint("secret_hash", name="uq_access_key_secret_hash"),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name="pk_event"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("triggered", sa.BigInteger(), nullable=False),
        sa.Column("triggered_errors", sa.BigInteger(), nullable=False),
        sa.Column("faulted", sa.BigInteger(), nullable=False),
        sa.Column("priced", sa.BigInteger(), nullable=False),
        sa.Column("cost_picos", sa.BigInteger(), nullable=False),
        sa.Column("capped_short", sa.BigInteger(), nullable=False),
        sa.Column("capped_long", sa.BigInteger(), nullable=False),
        sa.Column("skill_failures", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "attempt", "stage", "bucket", "arm", name="pk_evidence"),
    )


def _exchange() -> None:
    op.create_table(
        "exchange",
        sa.Column("seq", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("finished_at", sa.Double, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("unit_hash", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("rollout", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("faulted", sa.Boolean(), nullable=False),
        sa.Column("own_unit", sa.Boolean(), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=True),
        sa.Column("delivered_seconds", sa.Double, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_exchange"),
        sa.UniqueConstraint("id", name="uq_exchange_id"),
    )
    _exchange_indexes()


def _exchange_indexes() -> None:
    op.create_index("ix_exchange_at_id", "exchange", ["at", "id"])
    op.create_index(
        "ix_exchange_message",
        "exchange",
        ["message_id"],
        sqlite_where=sa.text("message_id IS NOT NULL"),
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_exchange_newest",
        "exchange",
        ["rollout", "attempt", "stage", "arm", "finished_at"],
        sqlite_where=sa.text("own_unit = 1"),
        postgresql_where=sa.text("own_unit"),
    )
    op.create_index(
        "ix_exchange_rollout",
        "exchange",
        ["rollout", "attempt"],
        sqlite_where=sa.text("rollout IS NOT NULL"),
        postgresql_where=sa.text("rollout IS NOT NULL"),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("delivered_at", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index(
        "ix_notice_pending",
        "notice",
        ["at", "id"],
        sqlite_where=sa.text("delivered_at IS NULL"),
        postgresql_where=sa.text("delivered_at IS NULL"),
    )


def _process() -> None:
    op.create_table(
        "process",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_process"),
    )


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )


def _rollout() -> None:
    op.create_table(
        "rollout",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rollout"),
    )


def _skill_archive() -> None:
    op.create_table(
        "skill_archive",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_skill_archive"),
    )


def _skill_version() -> None:
    op.create_table(
        "skill_version",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name="pk_skill_version"),
        sa.UniqueConstraint("name", "digest", name="uq_skill_version_name_digest"),
    )


def _stream_head() -> None:
    op.create_table(
        "stream_head",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_stream_head"),
    )


def _switch() -> None:
    op.create_table(
        "switch",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("scope", "target", name="pk_switch"),
    )


def _unit_event() -> None:
    op.create_table(
        "unit_event",
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("rollout", "attempt", "stage", "unit", "kind", "step", name="pk_unit_event"),
    )
    op.create_index("ix_unit_event_at", "unit_event", ["rollout", "attempt", "stage", "at"])


def _unit_state() -> None:
    op.create_table(
        "unit_state",
        sa.Column("rollout", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("triggered", sa.Boolean(), nullable=False),
        sa.Column("recent", sa.Integer(), nullable=False),
        sa.Column("short_step", sa.Integer(), nullable=False),
        sa.Column("short_count", sa.Integer(), nullable=False),
        sa.Column("long_step", sa.Integer(), nullable=False),
        sa.Column("long_count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Double, nullable=False),
        sa.Column("last_faulted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "attempt", "unit", "stage", name="pk_unit_state"),
    )
    op.create_index(
        "ix_unit_state_newest",
        "unit_state",
        ["rollout", "attempt", "stage", "arm", "last_at"],
        sqlite_where=sa.text("triggered = 1"),
        postgresql_where=sa.text("triggered"),
    )


def _vote() -> None:
    op.create_table(
        "vote",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("vote", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("exchange_id", sa.Text(), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vote"),
    )
    op.create_index(
        "ix_vote_counted",
        "vote",
        ["exchange_id"],
        unique=True,
        sqlite_where=sa.text("counted = 1"),
        postgresql_where=sa.text("counted"),
    )
    op.create_index("ix_vote_request", "vote", ["request_id"])
    op.create_index(
        "ix_vote_parked",
        "vote",
        ["request_id"],
        sqlite_where=sa.text("exchange_id IS NULL"),
        postgresql_where=sa.text("exchange_id IS NULL"),
    )
