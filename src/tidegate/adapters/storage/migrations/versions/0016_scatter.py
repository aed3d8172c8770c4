"""How far costs scatter between units; none of what came before, so a stage that runs tells no interval."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_SUMS = ("payers", "charged", "costs_squared", "cost_by_charged", "charged_squared")


def upgrade() -> None:
    for name in _SUMS:
        op.add_column("evidence", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("unit_state", sa.Column("charged", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("unit_state", sa.Column("spent", sa.BigInteger(), nullable=False, server_default="0"))
