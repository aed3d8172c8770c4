"""Keys that expire, and the secret that a rotation leaves for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("access_key", sa.Column("expires_at", sa.Double, nullable=True))
    op.add_column("access_key", sa.Column("previous_hash", sa.Text(), nullable=True))
    op.add_column("access_key", sa.Column("previous_until", sa.Double, nullable=True))
