"""${message}"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say what changes and why it is safe while the version before still runs."""
    ${upgrades if upgrades else "raise NotImplementedError"}
