"""What is gathered around a page, from real servers on loopback."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import trustme

from surveyor.scan.errors import Malformed, NotConfigured, Unreachable, Unsupported
from surveyor.scan.evidence import Exposed, Page, Schemes, Scripts, Sharing, Tls, WellKnown
from surveyor.scan.formats import hello
from surveyor.scan.gather import Errand, exposed, http, schemes, scripts, sharing, tls, wellknown
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.web import Site


def errand(site: Site, path: str = "/", *, trust: ssl.SSLContext | None = None, **more: Any) -> Errand:
    settings = more.pop("settings", site.settings())
    client = Client(settings, tls=trust)
    made = Errand(url=site.url(path), settings=settings, client=client, deadline=time.monotonic() + 60, **more)
    page: list[Page] = []

    def once() -> Page:
        page.extend([] if page else [http.gather(made)])
        return page[0]

    return Errand(
        url=made.url,
        settings=settings,
        client=client,
        deadline=made.deadline,
        page=once,
        **more,
    )


@contextmanager
def both(**certificate: Any) -> Iterator[tuple[Site, Site]]:
    """A site on the ports of http and https; where those are not to be had the test says so."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(Site(port=80)), stack.enter_context(Site(tls=True, port=443, **certificate))
        except OSError as error:
            if "bind" in str(error) or error.errno in {13, 98}:
                pytest.skip(f"ports 80 and 443 of loopback are not ours here: {error}")
            raise


BOTH = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))


def test_an_invalid_certificate_gives_the_page_and_is_told() -> None:
    with Site(tls=True, names=("other.example",)) as site:
        site.redirect("/", "/b", headers=(("Set-Cookie", "a=1"), ("set-cookie", "b=2; Secure")))
        site.page("/b", "<p>x", headers=(("Set-Cookie", "c=3"),))
        page = http.gather(errand(site, trust=Site.trust()))
    assert (page.status, page.verified, page.secure, page.body) == (200, False, True, b"<p>x")
    assert [step.verified for step in page.route] == [False, False]
    assert page.cookies == ("a=1", "b=2; Secure", "c=3")


def test_a_valid_certificate_is_told_too(secure_site: Site) -> None:
    secure_site.page("/")
    assert http.gather(errand(secure_site, trust=Site.trust())).verified


def test_the_other_scheme_of_a_host_is_asked_on_its_port() -> None:
    with both() as (plain, secure):
        plain.redirect("/a", secure.url("/a"), status=301)
        secure.page("/a", "<p>secure")
        for site in (plain, secure):
            found = schemes.gather(errand(site, "/a?q=1", trust=Site.trust(), settings=BOTH))
            assert isinstance(found, Schemes)
            assert found.missed == {}
            assert found.http is not None
            assert found.https is not None
            assert found.http.asked == "http://127.0.0.1/a?q=1"
            assert [step.url for step in found.http.route] == ["http://127.0.0.1/a?q=1", "https://127.0.0.1/a"]
            assert (found.https.body, found.https.verified) == (b"<p>secure", True)


def test_nobody_on_the_other_port_is_an_answer() -> None:
    try:
        with Site(port=80) as plain:
            plain.page("/")
            found = schemes.gather(errand(plain, settings=BOTH))
    except OSError as error:
        pytest.skip(f"port 80 of loopback is not ours here: {error}")
    assert isinstance(found, Schemes)
    assert found.http is not None
    assert (found.https, found.missed) == (None, {})


def test_who_takes_a_connection_and_does_not_answer_in_time_is_not_known() -> None:
    with both() as (plain, secure):
        secure.page("/")
        plain.drip("/", seconds=30)
        asked = errand(secure, trust=Site.trust(), settings=BOTH)
        found = schemes.gather(Errand(**{**_fields(asked), "deadline": time.monotonic() + 1.5}))
    assert isinstance(found, Schemes)
    assert set(found.missed) == {"http"}


def _fields(errand: Errand) -> dict[str, Any]:
    return {each.name: getattr(errand, each.name) for each in fields(errand)}


def test_on_a_port_of_its_own_a_host_speaks_one_protocol(site: Site, secure_site: Site) -> None:
    site.page("/")
    secure_site.page("/")
    plain = schemes.gather(errand(site))
    secure = schemes.gather(errand(secure_site, trust=Site.trust()))
    assert isinstance(plain, Schemes)
    assert isinstance(secure, Schemes)
    assert (plain.http is not None, plain.https, secure.http, secure.https is not None) == (True, None, None, True)
    assert len(site.requests) == len(secure_site.requests) == 1


def test_a_stranger_asks_twice_and_says_who_it_is(site: Site) -> None:
    site.page("/", headers=(("Access-Control-Allow-Origin", "*"),))
    found = sharing.gather(errand(site))
    assert isinstance(found, Sharing)
    assert found.preflight is not None
    assert found.preflight.header("access-control-allow-origin") == "*"
    asked = [seen for seen in site.requests if "origin" in seen.headers]
    assert [(seen.method, seen.headers["origin"]) for seen in asked] == [
        ("GET", found.origin),
        ("OPTIONS", found.origin),
    ]
    assert asked[1].headers["access-control-request-method"] == "GET"


def test_a_server_that_hangs_up_on_a_preflight_lets_nobody_in(site: Site) -> None:
    site.page("/")
    served = site._routes["/"]
    site.raw("/", lambda out: served(out) if site.requests[-1].method == "GET" else None)
    found = sharing.gather(errand(site))
    assert isinstance(found, Sharing)
    assert (found.preflight, found.missed, found.request.status) == (None, {}, 200)


def test_well_known_files_are_read_where_the_page_is(site: Site) -> None:
    site.redirect("/shop", "/shop/")
    site.page("/shop/")
    site.page("/robots.txt", "User-agent: *", content_type="text/plain")
    site.page("/.well-known/security.txt", "Contact: mailto:a@b.example", content_type="text/plain")
    found = wellknown.gather(errand(site, "/shop"))
    assert isinstance(found, WellKnown)
    assert {path: page.status for path, page in found.files.items()} == {
        "/robots.txt": 200,
        "/.well-known/security.txt": 200,
        "/llms.txt": 404,
    }
    assert found.missed == {}


def test_one_file_that_breaks_off_is_no_others_fault(site: Site) -> None:
    site.page("/")
    site.raw("/robots.txt", b"not http\r\n\r\n")
    found = wellknown.gather(errand(site))
    assert isinstance(found, WellKnown)
    assert set(found.missed) == {"/robots.txt"}
    assert set(found.files) == {"/.well-known/security.txt", "/security.txt", "/llms.txt"}


def test_only_beginnings_of_files_that_should_not_be_there_are_read(site: Site) -> None:
    site.page("/")
    site.page("/backup.sql", "-- MySQL dump" + "x" * 100_000, content_type="text/plain")
    site.raw("/.env", b"")
    site.raw("/dump.sql", b"not http\r\n\r\n")
    found = exposed.gather(errand(site, jitter=lambda: 0.5))
    assert isinstance(found, Exposed)
    assert (len(found.answers["/backup.sql"].body), found.answers["/backup.sql"].cut) == (4096, True)
    assert found.stray.asked == site.url("/8000000000000.txt")
    # who hangs up gives nothing away; what is not HTTP is not known
    assert "/.env" not in found.answers
    assert set(found.missed) == {"/dump.sql"}
    assert {seen.method for seen in site.requests} == {"GET"}


def test_they_are_asked_for_only_where_that_is_wanted(site: Site) -> None:
    site.page("/")
    quiet = site.settings(probes=False)
    for gather in (exposed.gather, scripts.gather):
        with pytest.raises(NotConfigured, match="SURVEYOR_PROBES"):
            gather(errand(site, settings=quiet))
    assert site.requests == []


def test_scripts_of_the_site_and_their_maps(site: Site) -> None:
    site.page("/")
    site.page("/a.js", "x()\n//# sourceMappingURL=maps/a.js.map\n", content_type="text/javascript")
    site.page("/maps/a.js.map", '{"version":3,"sources":[],"mappings":""}')
    site.page("/b.js", "y()", headers=(("SourceMap", "/b.map"),))
    site.page("/c.js", "z() //# sourceMappingURL=//elsewhere.example/c.map")
    site.page("/d.js", "z()\n//# sourceMappingURL=data:application/json,{}")
    site.raw("/e.js", b"not http\r\n\r\n")
    own = tuple(site.url(f"/{name}.js") for name in "abcdea")
    found = scripts.gather(errand(site, scripts=(*own, "https://cdn.example/f.js")))
    assert isinstance(found, Scripts)
    maps = {script.page.url: script.map and (script.map.url, script.map.status) for script in found.scripts}
    assert maps == {
        site.url("/a.js"): (site.url("/maps/a.js.map"), 200),
        site.url("/b.js"): (site.url("/b.map"), 404),
        site.url("/c.js"): None,
        site.url("/d.js"): None,
    }
    assert set(found.missed) == {site.url("/e.js")}
    many = scripts.gather(errand(site, scripts=tuple(site.url(f"/{number}.js") for number in range(20))))
    assert isinstance(many, Scripts)
    assert (len(many.scripts), many.missed) == (12, {"script": "only the first 12 of 20 are read"})


def test_a_script_stays_whatever_becomes_of_its_map(site: Site) -> None:
    site.page("/")
    for name in "ab":
        site.page(f"/{name}.js", f"x()\n//# sourceMappingURL={name}.map", content_type="text/javascript")
    site.raw("/a.map", b"")
    site.raw("/b.map", b"not http\r\n\r\n")
    found = scripts.gather(errand(site, scripts=(site.url("/a.js"), site.url("/b.js"))))
    assert isinstance(found, Scripts)
    assert [(one.page.url, one.map) for one in found.scripts] == [
        (site.url("/a.js"), None),
        (site.url("/b.js"), None),
    ]
    assert set(found.missed) == {"map"}
    assert found.missed["map"].startswith(site.url("/b.map"))


def test_a_certificate_as_it_is(secure_site: Site) -> None:
    secure_site.page("/")
    found = tls.gather(errand(secure_site, trust=Site.trust()))
    assert isinstance(found, Tls)
    assert (found.host, found.problem, found.accepted, found.missed) == ("127.0.0.1", None, (), {})
    assert found.version == "TLSv1.3"
    assert set(found.certificate.names) == {"127.0.0.1", "localhost", "secure.example"}
    assert (found.certificate.signature, found.certificate.key_bits) == ("sha256", 256)
    assert found.certificate.not_before < datetime.now(UTC) < found.certificate.not_after
    assert "trustme" in found.certificate.issuer
    # only the page itself was asked for over HTTP
    assert len(secure_site.requests) == 1


@pytest.mark.parametrize(
    ("certificate", "problem"),
    [
        ({"names": ("other.example",)}, "not valid for"),
        ({"not_after": datetime(2020, 1, 1, tzinfo=UTC), "not_before": datetime(2019, 1, 1, tzinfo=UTC)}, "expired"),
        (
            {"not_before": datetime.now(UTC) + timedelta(days=9), "not_after": datetime.now(UTC) + timedelta(days=99)},
            "not yet",
        ),
        ({"ca": trustme.CA()}, "unable to get local issuer"),
    ],
)
def test_what_is_wrong_with_a_certificate(certificate: dict[str, Any], problem: str) -> None:
    with Site(tls=True, **certificate) as site:
        site.page("/")
        found = tls.gather(errand(site, trust=Site.trust()))
    assert isinstance(found, Tls)
    assert problem in (found.problem or "")


def test_old_versions_are_agreed_to_by_who_still_speaks_them() -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.set_ciphers("ALL:@SECLEVEL=0")
    with Site(tls=True, context=old) as site:
        site.page("/")
        found = tls.gather(errand(site, trust=Site.trust()))
    assert isinstance(found, Tls)
    assert found.accepted == ("TLSv1.1", "TLSv1")
    assert found.missed == {}


def test_plain_http_has_no_certificate(site: Site) -> None:
    site.page("/")
    with pytest.raises(Unsupported, match="plain http"):
        tls.gather(errand(site))


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x82\xff\xff", bytes(range(256)), b"\x30\x80" * 5000])
def test_bytes_that_are_no_certificate(data: bytes) -> None:
    with pytest.raises(Malformed, match="certificate"):
        tls.read(data)


def test_a_damaged_certificate_raises_ours_or_is_read() -> None:
    with Site(tls=True) as site:
        der = Client(site.settings()).handshake(site.url(), seconds=60).certificate
    for at in range(0, len(der), 3):
        damaged = bytearray(der)
        damaged[at] ^= 0xFF
        try:
            tls.read(bytes(damaged))
        except Malformed:
            continue


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        (b"", ""),
        (b"\x15\x03\x01\x00\x02\x02\x46", ""),
        (b"\x16\x03\x01\x00\x50\x02\x00\x00\x4c\x03\x01" + bytes(5), "TLSv1"),
        (b"\x16\x03\x00\x00\x50\x02\x00\x00\x4c\x03\x00" + bytes(5), "SSLv3"),
        (b"\x16\x03\x03\x00\x50\x02\x00\x00\x4c\x03\x03" + bytes(5), ""),
        (b"HTTP/1.1 400 Bad", None),
        (b"\x16\x03", None),
    ],
)
def test_what_a_server_agrees_to(answer: bytes, version: str | None) -> None:
    assert hello.agreed(answer) == version


#: The second group of Oakley (RFC 2409 §6.2), of 1024 bits, as PKCS #3 has it.
PRIME = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"
)


def test_a_host_that_takes_what_it_should_not(tmp_path: Path) -> None:
    file = tmp_path / "group.pem"
    sequence = b"\x30\x81\x87\x02\x81\x81\x00" + bytes.fromhex(PRIME) + b"\x02\x01\x02"
    file.write_text(f"-----BEGIN DH PARAMETERS-----\n{b64encode(sequence).decode()}\n-----END DH PARAMETERS-----\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:NULL-SHA256:@SECLEVEL=0")
    context.load_dh_params(str(file))
    ca = trustme.CA()
    with Site(tls=True, context=context, ca=ca, key_type=trustme.KeyType.RSA) as site:
        site.page("/")
        found = tls.gather(errand(site))
    assert isinstance(found, Tls)
    # as browsers, we offer no DHE ourselves
    assert found.taken == {
        "broken": "RSA_WITH_NULL_SHA256",
        "static": "RSA_WITH_AES_128_GCM_SHA256",
        "group": "DHE_RSA_WITH_AES_128_GCM_SHA256",
    }
    assert (found.group_bits, set(found.missed)) == (1024, set())


def test_answers_that_are_none_say_nothing_of_ciphers() -> None:
    body = b"\x03\x03" + bytes(32) + b"\x00\x00\x2f\x00"
    sent = b"\x02" + len(body).to_bytes(3, "big") + body
    # two records for one message
    parts = [b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part for part in (sent[:10], sent[10:])]
    whole = b"".join(parts)
    assert hello.chosen("static", whole) == "RSA_WITH_AES_128_CBC_SHA"
    assert hello.chosen("broken", whole) is None
    assert (hello.chosen("static", b""), hello.chosen("static", b"\x15\x03")) == ("", "")
    assert hello.chosen("static", whole[:-1]) is None
    for at in range(len(whole)):
        assert hello.group_bits(whole[:at]) is None
        assert not hello.ended(whole[:at])
    exchange = b"\x0c\x00\x00\x04\xff\xff\x01\x02"
    assert hello.group_bits(b"\x16\x03\x03\x00\x08" + exchange) is None


def test_a_host_that_says_nothing_leaves_its_versions_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It shakes hands as servers do today, and keeps silent to whoever begins as in old days."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca = trustme.CA()
    ca.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                held.append(sock)
                with contextlib.suppress(OSError):  # who asks may have gone
                    if sock.recv(6, socket.MSG_PEEK)[5:6] == b"\x01" and len(sock.recv(400, socket.MSG_PEEK)) > 250:
                        held.append(context.wrap_socket(sock, server_side=True))

        threading.Thread(target=serve, daemon=True).start()
        url = f"https://127.0.0.1:{port}/"
        settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),))
        page = Page(asked=url, url=url, status=200, headers=(), body=b"")
        # both handshakes have a minute, and silence is not waited for
        monkeypatch.setattr(tls, "_SECONDS", 60.0)
        times = chain((0.0, 0.0), repeat(59.7))
        asked = Errand(
            url=url, settings=settings, client=Client(settings), deadline=60.0, clock=times.__next__, page=lambda: page
        )
        found = tls.gather(asked)
        for sock in held:
            sock.close()
    assert isinstance(found, Tls)
    assert set(found.missed) == {"TLSv1.1", "TLSv1", "SSLv3", "broken", "static", "group"}


def test_nobody_there_is_unreachable() -> None:
    settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))
    with socket.socket() as nobody:  # the port is ours, and nobody listens there
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="no connection"):
            Client(settings).handshake(f"https://127.0.0.1:{nobody.getsockname()[1]}/", seconds=30)
