"""When keys that call no model were last used."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("access_key", sa.Column("last_used_at", sa.Double, nullable=True))
