"""Alembic's entry: runs on the connection, and in the transaction, that ``store.migrate`` opened."""

from alembic import context

from surveyor.service.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
