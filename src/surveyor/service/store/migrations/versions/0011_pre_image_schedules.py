"""Schedules of images in registries."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Let a schedule name an image instead of a page."""
    op.get_bind().exec_driver_sql("""
alter table schedules add column image TEXT, add column platform TEXT, alter column url drop not null,
    add constraint schedules_what_check check (
        num_nonnulls(url, image) = 1 and (platform is null or image is not null));
""")
