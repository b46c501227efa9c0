"""``surveyor up``, ``serve``, ``worker`` and ``migrate``: the service's processes."""

from __future__ import annotations

from collections.abc import Callable

from surveyor.cli import OK
from surveyor.service import config as settings
from surveyor.service.config import Config


def up(*, host: str | None = None, port: int | None = None) -> int:
    """Run everything: PostgreSQL (unless DATABASE_URL names one), the API, the web pages and the workers.

    Parameters
    ----------
    host
        Address to listen on; 127.0.0.1 unless set.
    port
        Port to listen on; 8600 unless set.
    """
    from surveyor.service.up import run

    return _run(run, host=host, port=port)


def serve(*, host: str | None = None, port: int | None = None) -> int:
    """Run the API and the web pages only, on a migrated database.

    Parameters
    ----------
    host
        Address to listen on; 127.0.0.1 unless set.
    port
        Port to listen on; 8600 unless set.
    """
    from surveyor.service.app import serve as run
    from surveyor.service.up import claim

    def claimed(config: Config) -> int:
        claim.port(config)
        return _on_database(run)(config)

    return _run(claimed, host=host, port=port)


def worker() -> int:
    """Run a worker only, on a migrated database."""
    from surveyor.service.worker import run

    return _run(_on_database(run))


def migrate() -> int:
    """Bring the database that DATABASE_URL names to this version's schema."""
    from surveyor.cli.database import upgrade as run

    return _run(run)


def _on_database(command: Callable[[Config], int]) -> Callable[[Config], int]:
    """A process that needs a database that answers now; without DATABASE_URL it shares the embedded one."""

    def run(config: Config) -> int:
        from surveyor.service.postgres import open_database

        with open_database(config) as database:
            return command(settings.load(host=config.host, port=config.port, database_url=database.url))

    return run


def _run(command: Callable[[Config], object], *, host: str | None = None, port: int | None = None) -> int:
    """Read the settings and run."""
    code = command(settings.load(host=host, port=port))
    return code if isinstance(code, int) else OK
