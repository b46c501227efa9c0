"""Which of several images in a file is scanned."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Let a run of a file name one of its images, and one of their platforms."""
    op.get_bind().exec_driver_sql("""
alter table audit_scan_runs add column only_image TEXT,
    drop constraint audit_scan_runs_target_check,
    add constraint audit_scan_runs_target_check check (
        num_nonnulls(url, artifact_id, image) = 1 and (kind = 'web') = (url is not null)
        and (platform is null or url is null) and (only_image is null or artifact_id is not null));
""")
