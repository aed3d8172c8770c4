"""Skill versions in tenants' own workspaces: the table anew, since its primary key grows."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BEFORE = "skill_sync_before"
_COLUMNS = "digest, upstream, name, skill_id, version_id, epoch, at, by"


def upgrade() -> None:
    """What was synced is in the gateway's workspace: its tenant is empty."""
    op.rename_table("skill_sync", _BEFORE)
    op.create_table(
        "skill_sync",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "upstream", "tenant", name="pk_skill_sync_of_tenant"),
    )
    columns = ", ".join(f'"{name}"' for name in _COLUMNS.split(", "))
    op.execute(f"INSERT INTO skill_sync (\"tenant\", {columns}) SELECT '', {columns} FROM {_BEFORE}")  # noqa: S608 (constants)
    op.drop_table(_BEFORE)
