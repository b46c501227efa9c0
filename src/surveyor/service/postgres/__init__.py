"""The database that the service uses: yours by ``DATABASE_URL``, else an embedded server of the home.

Nothing above this knows which one it is: there is a URL, and a ``close``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import psycopg

from surveyor.service.config import Config
from surveyor.service.errors import BadConfiguration, DatabaseUnavailable
from surveyor.service.postgres.server import Server

OLDEST_SERVER = 150000
CONNECT_SECONDS = 10


@dataclass(slots=True, kw_only=True)
class Database:
    """A database that answered. ``url`` is libpq's (``postgresql://…``) and may hold a password: never log it."""

    url: str = field(repr=False)
    #: the embedded server, None when the database was given
    server: Server | None = None

    def close(self) -> bool:
        """Let go; an embedded server is stopped by its last user. True when it was stopped by this call."""
        return self.server.close() if self.server else False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_database(config: Config) -> Database:
    """Give a database that answers; blocks while an embedded one is made (0.6 s) or started (0.1 s).

    Raises DatabaseUnavailable or BadConfiguration in one sentence without a password.
    """
    if config.database_url is not None:
        return Database(url=_given(config.database_url.get_secret_value()))
    config.prepare_home()
    server = Server(config.home / "pg", user=config.postgres_user)
    server.open()
    return Database(url=server.url("surveyor"), server=server)


def _given(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise BadConfiguration("setting database_url: expected postgresql://USER@HOST/DATABASE")
    url = f"postgresql://{rest}"
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.ProgrammingError:
        # its message would quote the URL
        raise BadConfiguration("setting database_url: not a URL that PostgreSQL's client library can read") from None
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database of DATABASE_URL does not answer: {_one_line(error)}") from None
    if version < OLDEST_SERVER:
        raise DatabaseUnavailable(
            f"the database of DATABASE_URL is PostgreSQL {version // 10000}; 15 or newer is needed"
        )
    return url


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
