"""Keys are found by the hash of a secret, the one before a rotation too."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_access_key_previous_hash", "access_key", ["previous_hash"])
