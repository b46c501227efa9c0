"""The proxy of the browser, asked by a client of our own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest

from surveyor.scan.net import Client
from surveyor.scan.net.browser import proxy as proxies
from surveyor.scan.net.browser.proxy import Proxy, origin_of
from tests.servers.web import Site


@pytest.fixture
def proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """One that serves a site, with a little patience."""
    monkeypatch.setattr(proxies, "_PATIENCE", 0.1)
    with Client(site.settings()).proxy(seconds=60.0, max_bytes=1 << 20) as running:
        yield running


def ask(proxy: Proxy, data: bytes, then: bytes = b"") -> bytes:
    """What comes back for bytes, until the proxy closes."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as sock:
        got = b""
        with contextlib.suppress(ConnectionError):  # closed while more was on the way
            sock.sendall(data)
            while more := sock.recv(65536):
                got += more
                if then and got.endswith(b"\r\n\r\n"):
                    sock.sendall(then)
                    then = b""
        return got


def test_a_request_in_absolute_form_arrives_as_one_of_its_origin(proxy: Proxy, site: Site) -> None:
    site.page("/a", "hello")
    proxy.announce(site.url("/"))
    lines = (
        f"GET {site.url('/a?b')} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: secret\r\nConnection: keep-alive\r\n\r\n"
    )
    assert ask(proxy, lines.encode()).endswith(b"hello")
    (seen,) = site.requests
    assert (seen.path, seen.headers) == ("/a?b", {"host": "x", "connection": "close"})


def test_a_tunnel_carries_bytes_both_ways(proxy: Proxy, site: Site) -> None:
    site.page("/a", "hello")
    proxy.announce(f"wss://127.0.0.1:{site.port}/")
    head = f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    got = ask(proxy, head, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.endswith(b"hello")


def test_what_nobody_announced_is_not_connected(proxy: Proxy, site: Site) -> None:
    assert ask(proxy, f"GET {site.url()} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == b""
    assert site.requests == []
    assert proxy.traffic.refused == {f"127.0.0.1:{site.port}": "not_asked"}


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://10.0.0.1/", "address_private"),
        ("http://127.0.0.1:1/", "address_loopback"),
        ("http://[::1]/", "address_loopback"),
        ("http://user@example.org/", "userinfo"),
        ("http://intranet/", "host_local"),
        ("http://example.org:22/", "port"),
    ],
)
def test_what_was_announced_is_judged_all_the_same(url: str, rule: str, proxy: Proxy) -> None:
    proxy.announce(url)
    assert ask(proxy, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == b""
    assert list(proxy.traffic.refused.values()) == [rule]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET https://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://127.0.0.1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT 127.0.0.1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT a@127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT 127.0.0.1:80/x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    ],
)
def test_what_is_no_request_to_a_proxy_gets_no_answer(data: bytes, proxy: Proxy) -> None:
    assert ask(proxy, data) == b""


def test_more_than_a_load_may_have_is_cut(proxy: Proxy, site: Site) -> None:
    site.page("/big", b"x" * (2 << 20))
    proxy.announce(site.url())
    assert len(ask(proxy, f"GET {site.url('/big')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())) <= (1 << 20) + 65536
    assert proxy.traffic.cut
    assert ask(proxy, f"GET {site.url('/big')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == b""


def test_a_connection_that_ended_while_it_sent_its_last_bytes_is_ended_again() -> None:
    async def ended_twice() -> int:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        _, writer = await asyncio.open_connection(sock=ours)
        writer.write(b"x" * (4 << 20))
        writer.close()  # most of it is in asyncio's buffer: the connection ends when that is sent
        got = 0
        while data := await asyncio.get_running_loop().sock_recv(theirs, 1 << 16):
            got += len(data)
        theirs.close()
        proxies._abort(writer.transport)
        return got

    assert asyncio.run(ended_twice()) == 4 << 20


def test_origins_are_of_what_can_be_asked() -> None:
    given = ("https://A.example/x", "ws://a.example", "wss://[::1]:8/x", "data:,x", "blob:https://a/b", "http://[")
    assert [origin_of(url) for url in given] == ["a.example:443", "a.example:80", "::1:8", None, None, None]
