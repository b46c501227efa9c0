"""The client against a real server on loopback: headers, redirects, encodings, limits, downloads, TLS."""

from __future__ import annotations

import contextlib
import gzip
import io
import socket
import zlib
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, Refused, Unreachable, Unsupported
from surveyor.scan.net import Client, wire
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.web import Site

BIG = 1 << 20
#: For what is answered at once: nobody waits for so long, whatever else a machine does meanwhile.
AMPLE = 60.0


def client(site: Site) -> Client:
    return Client(site.settings())


def head(*lines: str, status: str = "200 OK") -> bytes:
    return ("HTTP/1.1 " + "\r\n".join([status, *lines, "Connection: close"]) + "\r\n\r\n").encode()


def test_headers_come_raw_and_are_found_whatever_their_case(site: Site) -> None:
    site.page("/", "hello", headers=(("X-Two", "a"), ("x-two", "b, c"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))
    response = client(site).get(site.url("/#part"), max_bytes=BIG, seconds=AMPLE)
    assert (response.status, response.body, response.size, response.truncated) == (200, b"hello", 5, False)
    assert response.url == site.url("/")
    assert response.get_all("X-TWO") == ("a", "b, c")
    assert response.get("content-type") == "text/html; charset=utf-8"
    assert response.get("absent") is None
    assert [name for name, _ in response.headers if name.lower() == "x-two"] == ["X-Two", "x-two"]


def test_the_request_names_the_host_and_only_encodings_that_are_bounded(site: Site) -> None:
    site.page("/a b")
    client(site).get(site.url("/ü?q=ä%20b"), max_bytes=BIG, seconds=AMPLE, headers={"X-Mine": "1"})
    (seen,) = site.requests
    assert seen.path == "/%C3%BC?q=%C3%A4%20b"
    assert seen.headers["host"] == f"127.0.0.1:{site.port}"
    assert seen.headers["accept-encoding"] == "gzip, deflate"
    assert seen.headers["user-agent"].startswith("Surveyor/")
    assert seen.headers["x-mine"] == "1"


def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.page("/", "direct")
    assert client(site).get(site.url(), max_bytes=BIG, seconds=AMPLE).body == b"direct"


def test_redirects_are_followed_and_told(site: Site) -> None:
    site.redirect("/a", "/b", status=301)
    site.redirect("/b", "c?x=1")
    site.page("/c", "end")
    response = client(site).get(site.url("/a"), max_bytes=BIG, seconds=AMPLE)
    assert (response.status, response.url, response.body) == (200, site.url("/c?x=1"), b"end")
    assert [(hop.url, hop.status, hop.location) for hop in response.hops] == [
        (site.url("/a"), 301, "/b"),
        (site.url("/b"), 302, "c?x=1"),
    ]


def test_secrets_do_not_travel_past_the_first_hop(site: Site) -> None:
    site.redirect("/a", "/b")
    site.page("/b")
    secret = {"Authorization": "Bearer x", "Cookie": "a=1", "Proxy-Authorization": "y", "apiKey": "z"}
    client(site).get(site.url("/a"), max_bytes=BIG, seconds=AMPLE, headers={**secret, "Accept-Language": "en"})
    first, second = site.requests
    names = {name.lower() for name in secret}
    assert names <= set(first.headers)
    assert not names & set(second.headers)
    assert second.headers["accept-language"] == "en"


def test_five_redirects_pass_and_a_sixth_does_not(site: Site) -> None:
    for number in range(6):
        site.redirect(f"/{number}", f"/{number + 1}")
    site.page("/6", "end")
    assert client(site).get(site.url("/1"), max_bytes=BIG, seconds=AMPLE).body == b"end"
    with pytest.raises(Refused) as refused:
        client(site).get(site.url("/0"), max_bytes=BIG, seconds=AMPLE)
    assert refused.value.rule == "redirect_limit"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("gzip", lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:])),
        ("identity", bytes),
    ],
)
def test_bodies_are_decoded(site: Site, encoding: str, encode: object) -> None:
    text = b"the quick brown fox " * 20_000
    site.page("/", encode(text), headers=(("Content-Encoding", encoding),))  # type: ignore[operator]
    assert client(site).get(site.url(), max_bytes=BIG, seconds=AMPLE).body == text


def test_an_encoding_that_was_not_asked_for_is_not_guessed_at(site: Site) -> None:
    site.page("/", b"\x1b\x00", headers=(("Content-Encoding", "br"),))
    with pytest.raises(Unsupported, match="br"):
        client(site).get(site.url(), max_bytes=BIG, seconds=AMPLE)


def test_a_broken_encoding_is_malformed_and_a_cut_one_is_truncated(site: Site) -> None:
    whole = gzip.compress(b"x" * 100_000)
    site.page("/broken", b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 50, headers=(("Content-Encoding", "gzip"),))
    site.page("/cut", whole[: len(whole) // 2], headers=(("Content-Encoding", "gzip"),))
    with pytest.raises(Malformed):
        client(site).get(site.url("/broken"), max_bytes=BIG, seconds=AMPLE)
    assert client(site).get(site.url("/cut"), max_bytes=BIG, seconds=AMPLE).truncated


def test_a_long_body_is_cut_and_says_so(site: Site) -> None:
    site.page("/", "x" * 1000)
    response = client(site).get(site.url(), max_bytes=999, seconds=AMPLE)
    assert (len(response.body), response.truncated) == (999, True)
    assert not client(site).get(site.url(), max_bytes=1000, seconds=AMPLE).truncated


def test_chunked_bodies_are_read_and_broken_ones_refused(site: Site) -> None:
    chunked = head("Transfer-Encoding: chunked")
    site.raw("/good", chunked + b"5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\nTrailer: x\r\n\r\n")
    assert client(site).get(site.url("/good"), max_bytes=BIG, seconds=AMPLE).body == b"hello!"
    for number, bad in enumerate((b"zz\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloXX0\r\n\r\n")):
        site.raw(f"/{number}", chunked + bad)
        with pytest.raises(Malformed):
            client(site).get(site.url(f"/{number}"), max_bytes=BIG, seconds=AMPLE)


def test_a_connection_that_ends_early_is_not_a_whole_answer(site: Site) -> None:
    site.raw("/short", head("Content-Length: 100") + b"only this")
    site.raw("/nothing", b"")
    site.raw("/half", b"HTTP/1.1 200 OK\r\nContent-")
    for path in ("/short", "/nothing", "/half"):
        with pytest.raises(Unreachable):
            client(site).get(site.url(path), max_bytes=BIG, seconds=AMPLE)


def test_what_is_not_http_is_malformed(site: Site) -> None:
    site.raw("/", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    with pytest.raises(Malformed):
        client(site).get(site.url(), max_bytes=BIG, seconds=AMPLE)


def test_interim_answers_are_skipped_but_not_for_ever(site: Site) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    site.raw("/few", hints * 2 + head("Content-Length: 2") + b"ok")
    site.raw("/many", hints * 50 + head("Content-Length: 2") + b"ok")
    assert client(site).get(site.url("/few"), max_bytes=BIG, seconds=AMPLE).body == b"ok"
    with pytest.raises(LimitExceeded):
        client(site).get(site.url("/many"), max_bytes=BIG, seconds=AMPLE)


def test_a_closed_port_and_a_silent_one_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_CONNECT_SECONDS", 1.0)  # of silence; everything else has time
    with socket.socket() as closed, socket.socket() as full, contextlib.ExitStack() as fillers:
        closed.bind(("127.0.0.1", 0))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        while _connects(fillers.enter_context(socket.socket()), full):
            pass  # with its queue full the kernel drops further attempts: a filtered port's silence
        texts = set()
        for sock in (closed, full):
            settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))
            with pytest.raises(Unreachable) as error:
                Client(settings).get(f"http://127.0.0.1:{sock.getsockname()[1]}/", max_bytes=1, seconds=AMPLE)
            texts.add(str(error.value))
    assert texts == {"127.0.0.1: no connection could be made"}


def _connects(sock: socket.socket, to: socket.socket) -> bool:
    sock.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        sock.connect(to.getsockname())
        return True
    return False


def test_a_download_goes_to_a_file_with_its_validators(site: Site, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    site.page("/f", data, headers=(("ETag", '"v1"'), ("Last-Modified", "Sat, 01 Nov 2025 00:00:00 GMT")))
    with (tmp_path / "f").open("wb") as file:
        response = client(site).fetch(site.url("/f"), max_bytes=BIG, to=lambda _: file)
    assert (tmp_path / "f").read_bytes() == data
    assert (response.body, response.size) == (b"", len(data))
    assert (response.get("etag"), response.get("last-modified")) == ('"v1"', "Sat, 01 Nov 2025 00:00:00 GMT")
    assert site.requests[-1].headers["accept-encoding"] == "identity"
    with pytest.raises(LimitExceeded):
        client(site).fetch(site.url("/f"), max_bytes=len(data) - 1, to=lambda _: io.BytesIO())


def test_a_download_can_ask_whether_there_is_anything_new(site: Site) -> None:
    site.raw("/f", head(status="304 Not Modified"))
    sink = io.BytesIO()
    response = client(site).fetch(site.url("/f"), max_bytes=BIG, to=lambda _: sink, headers={"If-None-Match": '"v1"'})
    assert (response.status, sink.getvalue()) == (304, b"")
    assert site.requests[0].headers["if-none-match"] == '"v1"'


def test_tls_is_spoken_in_the_name_of_the_host(secure_site: Site) -> None:
    secure_site.page("/", "secret")
    settings = Settings(allow_hosts=(AllowedHost(host="secure.example", port=secure_site.port),))
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", secure_site.port))]
    trusting = Client(settings, resolver=lambda *_: rows, tls=Site.trust())
    response = trusting.get(f"https://secure.example:{secure_site.port}/", max_bytes=BIG, seconds=AMPLE)
    assert response.body == b"secret"
    assert response.tls is not None
    assert response.tls.version.startswith("TLSv1.")
    assert secure_site.requests[0].headers["host"] == f"secure.example:{secure_site.port}"


def test_a_certificate_for_another_name_or_of_no_authority_is_not_accepted(secure_site: Site) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", secure_site.port))]
    settings = Settings(allow_hosts=(AllowedHost(host="other.example"), AllowedHost(host="secure.example")))
    for name, context in (("other.example", Site.trust()), ("secure.example", None)):
        with pytest.raises(Unreachable, match="certificate is not valid"):
            Client(settings, resolver=lambda *_: rows, tls=context).get(
                f"https://{name}:{secure_site.port}/", max_bytes=BIG, seconds=AMPLE
            )


def test_plain_http_on_a_tls_port_is_unreachable(site: Site) -> None:
    with pytest.raises(Unreachable, match="no TLS connection"):
        client(site).get(site.url().replace("http:", "https:"), max_bytes=BIG, seconds=AMPLE)


def test_a_download_is_not_led_from_https_to_http(secure_site: Site, site: Site) -> None:
    secure_site.redirect("/f", site.url("/f"))
    site.page("/f", "data")
    settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))
    trusting = Client(settings, tls=Site.trust())
    assert trusting.get(secure_site.url("/f"), max_bytes=BIG, seconds=AMPLE).body == b"data"
    with pytest.raises(Refused) as refused:
        trusting.fetch(secure_site.url("/f"), max_bytes=BIG, to=lambda _: io.BytesIO())
    assert refused.value.rule == "redirect_downgrade"


def test_head_asks_for_no_body(site: Site) -> None:
    site.raw("/", head("Content-Length: 100", "Content-Encoding: gzip"))
    response = client(site).get(site.url(), max_bytes=BIG, seconds=AMPLE, method="HEAD")
    assert (response.status, response.size, site.requests[0].method) == (200, 0, "HEAD")


def test_a_body_is_sent_and_no_redirect_is_followed() -> None:
    with Site() as site:
        site.page("/api", '{"ok":true}', content_type="application/json")
        site.redirect("/moved", "/api", status=307)
        client = Client(site.settings())
        answer = client.post(site.url("/api"), b'{"a":1}', headers={"X-Key": "k"}, max_bytes=1_000, seconds=AMPLE)
        moved = client.post(site.url("/moved"), b"{}", headers={}, max_bytes=1_000, seconds=AMPLE)
    assert (answer.status, answer.body) == (200, b'{"ok":true}')
    assert moved.status == 307
    assert [(seen.method, seen.path) for seen in site.requests] == [("POST", "/api"), ("POST", "/moved")]
    assert site.requests[0].headers["content-length"] == "7"
    assert site.requests[0].headers["x-key"] == "k"
