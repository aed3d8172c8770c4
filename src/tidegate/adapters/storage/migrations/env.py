"""Alembic's entry: run the migrations within the transaction that `migrate` holds."""

from alembic import context

from tidegate.adapters.storage.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
