"""Evidence of the savings tests; none of what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("evidence", sa.Column("bets", sa.Text(), nullable=False, server_default="{}"))
