"""The composition root of the web process: settings in, one application out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from surveyor import __version__
from surveyor.service import ui
from surveyor.service.actions.kickoff import Kickoffs
from surveyor.service.actions.links import Links
from surveyor.service.actions.platform import Llm, Platform
from surveyor.service.actions.units import Units
from surveyor.service.api import v1
from surveyor.service.app import failures, health
from surveyor.service.app.edge import Edge
from surveyor.service.app.metrics import Metrics
from surveyor.service.app.server import serve
from surveyor.service.app.watch import Watch
from surveyor.service.auth import Auth
from surveyor.service.config import Config
from surveyor.service.errors import BadConfiguration, ServiceError
from surveyor.service.live.stream import Streams
from surveyor.service.storage import Storage
from surveyor.service.store.database import open_engine, sessions
from surveyor.service.vault import Vault

__all__ = ["create_app", "serve"]

DESCRIPTION = """\
Scan web pages and artifacts, follow each step as it happens, read what was found and what could not be looked at.

Every answer is `{data, meta, error}`; branch on `error.code`. Every answer carries `x-ratelimit-limit`,
`x-ratelimit-remaining` and `x-ratelimit-reset` (Unix seconds): a team has a budget for kick-offs and one for all other
requests, each in one fixed window; a request spends one of them, and its answer tells that one. Lists are paged by
`meta.next_cursor`. The short paths act on the key's default project.
"""


class Application(FastAPI):
    """The framework's application inside our outermost layer."""

    edge: dict[str, Any]

    def build_middleware_stack(self) -> ASGIApp:
        """Put the edge outside of the framework's own error layer, so that nothing leaves without its headers."""
        return Edge(super().build_middleware_stack(), **self.edge)


def create_app(config: Config) -> FastAPI:
    """The whole web process: API, pages, streams, health and metrics. Raises BadConfiguration without a database."""
    if config.database_url is None:
        raise BadConfiguration("DATABASE_URL is not set; `surveyor up` brings a database of its own")
    metrics = Metrics()
    app = Application(
        title="Surveyor",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    secure = config.base_url.startswith("https://")
    app.edge = {
        "hosts": config.hosts,
        "secure": secure,
        "metrics": metrics,
        "failure": failures.answer,
        "upload_bytes": config.upload_max_bytes,
    }
    app.state.config = config
    app.state.metrics = metrics
    app.state.secure = secure
    for kind in (ServiceError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, failures.answer)
    # as they are: to include them would make each of them once more
    app.router.routes.extend(
        (
            *v1.router().routes,
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/metrics", metrics.page),
            *ui.routes(),
        )
    )
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    config: Config = app.state.config
    assert config.database_url is not None
    dsn = config.database_url.get_secret_value()
    # none above the pool: a connection made for one request costs more than waiting for one that is there
    engine = open_engine(dsn, pool=16, overflow=0)
    made = sessions(engine)
    app.state.auth = Auth(
        made,
        limits={"default": config.rate_default, "strict": config.rate_strict},
        seconds=config.rate_window_seconds,
    )
    app.state.watch = Watch(sessions=made, stalled=config.stalled_seconds)
    app.state.links = Links(secret=config.secret_key(), base=config.base_url)
    app.state.platform = Platform(
        sessions=made,
        storage=Storage.open(config),
        scan=config.scan_settings(),
        temporary=config.temporary,
        kickoffs=Kickoffs(made),
        units=Units(made),
        vault=Vault(config.secret_key()),
        base_url=config.base_url,
        llm=Llm(
            monthly_units=config.llm_monthly_units,
            seconds=config.llm_seconds,
            analysis_seconds=config.llm_analysis_seconds,
        ),
    )
    try:
        async with Streams.open(dsn, made) as streams:
            app.state.streams = streams
            yield
    finally:
        await engine.dispose()
