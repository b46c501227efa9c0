"""What every kind of test may ask for, and the proof that tests of hostile addresses stay on loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import structlog
from hypothesis import settings

from surveyor.scan.net.browser import machine
from surveyor.service import logs
from tests import isolation
from tests.servers.psi import Psi
from tests.servers.web import Site

# a busy machine is no failure; what must be fast is measured in benchmarks
settings.register_profile("surveyor", deadline=None)
settings.load_profile("surveyor")
# a page is loaded in a browser only by tests that name one
os.environ["SURVEYOR_CHROMIUM"] = "off"
# as a process of the service logs on a terminal
structlog.configure(processors=[structlog.processors.add_log_level, logs.PLAIN])

# test processes that load pages themselves need not wait for each other; the service's do, as on any machine
machine.LOCKS = tuple(f"{name}-{os.environ.get('PYTEST_XDIST_WORKER', 'test')}" for name in machine.LOCKS)

#: One server and one database for a process, whichever folder's tests ask for them.
pytest_plugins = ["tests.servers.postgres"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is long, so that no run waits for it at its end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Material too large or foreign for this repository; a clone has none, and the tests that want it say so."""
    given = os.environ.get("SURVEYOR_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no shared material at {folder} (set SURVEYOR_SHARED)")
    return folder


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on 127.0.0.1 that serves what a test tells it to."""
    with Site() as running:
        yield running


@pytest.fixture
def secure_site() -> Iterator[Site]:
    """The same over TLS; ``Site.trust()`` is the client's side."""
    with Site(tls=True) as running:
        yield running


@pytest.fixture
def psi() -> Iterator[Psi]:
    """A PageSpeed Insights API on 127.0.0.1."""
    with Psi() as running:
        yield running


@pytest.fixture(autouse=True)
def _stay_on_loopback(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of hostile addresses fails where a packet could leave, instead of passing because nothing happened."""
    if request.node.get_closest_marker("ssrf") is None:
        return
    if not isolation.only_loopback_is_up() and not _connections_are_blocked():
        pytest.fail("this test judges hostile addresses: run it through `python tests/isolation.py pytest …`")
    # the block of pytest-socket does not cover name look-ups, whose packets the C library sends
    monkeypatch.setattr(socket, "getaddrinfo", _literals_only(socket.getaddrinfo))


def _connections_are_blocked() -> bool:
    return getattr(socket.socket.connect, "__module__", None) == pytest_socket.__name__


def _literals_only(real: Callable[..., Any]) -> Callable[..., Any]:
    def lookup(
        host: str, port: int, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = real(host, port, family, kind, proto, flags | socket.AI_NUMERICHOST)
        return rows

    return lookup
