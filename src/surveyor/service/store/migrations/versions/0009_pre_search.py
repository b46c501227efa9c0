"""An index for words within titles, where PostgreSQL has the extension that makes it."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the index; a server without ``pg_trgm``, or one that keeps it from us, searches row by row as before."""
    op.get_bind().exec_driver_sql("""
do $$ begin
    create extension if not exists pg_trgm;
    create index findings_title_idx on findings using gin (title gin_trgm_ops);
exception when insufficient_privilege or feature_not_supported or undefined_file then
    raise notice 'pg_trgm is not to be had: searching titles will be slow in projects of very many findings';
end $$""")
