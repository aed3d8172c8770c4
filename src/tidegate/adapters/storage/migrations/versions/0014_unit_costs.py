"""What a unit's first requests of a stage cost; none of what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("unit_state", sa.Column("priced", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("unit_state", sa.Column("paid", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("unit_state", sa.Column("expected", sa.BigInteger(), nullable=False, server_default="0"))
