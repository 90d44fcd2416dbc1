"""Runs the migrations on the connection it is given; there is no offline form."""

from alembic import context

from postroad.supervise.records.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
