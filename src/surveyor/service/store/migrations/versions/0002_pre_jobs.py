"""The job engine's tables, in a schema of their own.

The SQL is Procrastinate's and comes from the installed package, since other people's code is not kept in this
repository. The dependency's range bounds what it can be, and the schema's comment records which version made it. A
later change of that SQL needs a migration of its own here: a test compares the installed one with ``SCHEMA_SHA256``.
"""

from importlib.metadata import version

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"

SCHEMA_SHA256 = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"  # of 3.10.0


def upgrade() -> None:
    """Create schema ``jobs`` and fill it; none of its SQL is qualified, so the search path says where it goes."""
    connection = op.get_bind()
    connection.exec_driver_sql("create schema jobs")
    connection.exec_driver_sql(f"comment on schema jobs is 'procrastinate {version('procrastinate')}'")
    connection.exec_driver_sql("set local search_path = jobs")
    # many statements in one call: psycopg sends them as they are, only its placeholders need doubling
    connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    connection.exec_driver_sql("set local search_path = public, jobs")
