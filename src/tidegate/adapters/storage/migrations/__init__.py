"""Alembic migrations, in order; `migrate.upgrade` runs them."""
