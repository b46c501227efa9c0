"""``surveyor up``: everything of one installation under one process.

Nothing is imported here until ``run`` is called: the service's processes pass through this package when they start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surveyor.service.config import Config


def run(config: Config) -> int:
    """Run until told to stop by SIGINT, SIGTERM or SIGHUP; 0 then. Raises ServiceError when it cannot start."""
    from surveyor.service.up.supervisor import Supervisor

    return Supervisor(config).run()
