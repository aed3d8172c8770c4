"""Evidence of latency limits exceeded, of units and of votes; none of what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for name in ("units", "up", "down"):
        op.add_column("evidence", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("evidence", sa.Column("slow", sa.Text(), nullable=False, server_default="{}"))
