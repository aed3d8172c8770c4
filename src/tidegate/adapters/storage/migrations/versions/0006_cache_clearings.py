"""When kept answers were last cleared, of a tenant or of all."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "cache_clearing",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_cache_clearing"),
    )
