"""The guard against addresses, names and servers that lead a scanner inside: 52 cases and their neighbours."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.errors import LimitExceeded, Malformed, Refused, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.model import ScanStatus
from surveyor.scan.net import Client, Judgement, judge_address, judge_url, resolve_and_judge
from surveyor.scan.plan import plan
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.web import Site

pytestmark = pytest.mark.ssrf
BIG = 1 << 20
#: For what is answered at once: nobody waits for so long, whatever else a machine does meanwhile.
AMPLE = 60.0

LITERALS = {
    "http://127.0.0.1/": "address_loopback",
    "http://127.8.9.10/": "address_loopback",
    "http://0.0.0.0/": "address_unspecified",
    "http://10.0.0.1/": "address_private",
    "http://172.16.0.1/": "address_private",
    "http://172.31.255.255/": "address_private",
    "http://192.168.1.1/": "address_private",
    "http://169.254.169.254/latest/meta-data/": "address_metadata",
    "http://169.254.10.10/": "address_link_local",
    "http://168.63.129.16/": "address_metadata",
    "http://100.64.0.1/": "address_shared",
    "http://100.100.100.200/": "address_metadata",
    "http://198.18.0.1/": "address_reserved",
    "http://240.0.0.1/": "address_reserved",
    "http://255.255.255.255/": "address_multicast",
    "http://224.0.0.1/": "address_multicast",
    "http://2130706433/": "url_form",
    "http://017700000001/": "url_form",
    "http://0177.0.0.1/": "url_form",
    "http://127.1/": "url_form",
    "http://0x7f000001/": "host_numeric",
    "http://0x7f.0.0.1/": "host_numeric",
    "http://[::1]/": "address_loopback",
    "http://[::]/": "address_unspecified",
    "http://[::ffff:127.0.0.1]/": "address_loopback",
    "http://[::ffff:a9fe:a9fe]/": "address_metadata",
    "http://[::127.0.0.1]/": "address_loopback",
    "http://[fc00::1]/": "address_private",
    "http://[fd00:ec2::254]/": "address_metadata",
    "http://[fe80::1]/": "address_link_local",
    "http://[fe80::1%25eth0]/": "url_form",
    "http://[fec0::1]/": "address_private",
    "http://[ff02::1]/": "address_multicast",
    "http://[64:ff9b::7f00:1]/": "address_loopback",
    "http://[64:ff9b:1::7f00:1]/": "address_embedded",
    "http://[2002:7f00:1::]/": "address_loopback",
    "http://[2001:0:7f00:1:0:0:0:0]/": "address_loopback",
    "http://[2001:470:1::5efe:10.0.0.1]/": "address_embedded",
    "http://[2a00:1450::200:5efe:127.0.0.1]/": "address_embedded",
    "http://①②⑦.⓪.⓪.①/": "address_loopback",
    "http://127。0。0。1/": "address_loopback",
    "http://localhost/": "host_local",
    "http://LOCALHOST./": "host_local",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/": "host_local",
    "http://a.localhost/": "host_local",
    "http://printer.local/": "host_local",
    "http://metadata.google.internal/": "host_local",
    "http://intranet/": "host_local",
    "https://127.0.0.1%2f@example.com/": "userinfo",
    "http://example.com%00.internal/": "url_form",
}
FORMS = {
    "file:///etc/passwd": "scheme",
    "gopher://example.com/": "scheme",
    "ftp://example.com/": "scheme",
    "data:text/html,x": "scheme",
    "//example.com/": "scheme",
    "example.com": "scheme",
    "http://user@example.com/": "userinfo",
    "http://user:pass@example.com/": "userinfo",
    "http://example.com@127.0.0.1/": "userinfo",
    "http://example.com\\@127.0.0.1/": "userinfo",
    "http://example.com:22/": "port",
    "http://example.com:6379/": "port",
    "http://example.com:0/": "port",
    "http://example.com:99999/": "url_form",
    "http://exa\nmple.com/": "url_form",
    "http:///path": "url_form",
    "http://[::1/": "url_form",
    "http://" + "a" * 9000: "url_form",
}


def rows(*addresses: str, port: int = 80) -> list[tuple[Any, ...]]:
    """What ``getaddrinfo`` gives for these addresses."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in addresses
    ]


def rule_of(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        action()
    return refused.value.rule


@pytest.mark.parametrize(("url", "rule"), [*LITERALS.items(), *FORMS.items()])
def test_a_url_is_refused_by_its_form(url: str, rule: str) -> None:
    def never(*_: object) -> list[tuple[Any, ...]]:
        raise AssertionError("asked the resolver")

    assert rule_of(lambda: judge_url(url, Settings())) == rule
    assert rule_of(lambda: Client(Settings(), resolver=never).get(url, max_bytes=1, seconds=AMPLE)) == rule


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/a?b=c#d",
        "http://xn--bcher-kva.example:8080/",
        "http://bücher.example/",
        "http://93.184.216.34/",
        "http://[2606:2800:220:1:248:1893:25c8:1946]/",
        "http://[64:ff9b::808:808]/",
        "http://192.0.0.9/",
    ],
)
def test_what_is_public_is_not_refused(url: str) -> None:
    judge_url(url, Settings())


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        (["10.0.0.1"], "address_private"),
        (["127.0.0.1"], "address_loopback"),
        (["::1"], "address_loopback"),
        (["::ffff:192.168.0.1"], "address_private"),
        (["93.184.216.34", "10.0.0.1"], "address_private"),
        (["2606:2800:220:1::1", "fd12::1", "93.184.216.34"], "address_private"),
        (["169.254.169.254"], "address_metadata"),
        (["168.63.129.16"], "address_metadata"),
        (["2001:470:1::5efe:a00:1"], "address_embedded"),
    ],
)
def test_every_answer_of_the_resolver_is_judged(answers: list[str], rule: str) -> None:
    client = Client(Settings(), resolver=lambda *_: rows(*answers))
    assert rule_of(lambda: client.get("http://inside.example/", max_bytes=1, seconds=AMPLE)) == rule


def test_a_name_is_resolved_once_and_the_answer_that_was_judged_is_used() -> None:
    asked: list[str] = []

    def rebinding(host: str, *_: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        return rows("93.184.216.34") if len(asked) == 1 else rows("127.0.0.1")

    with pytest.raises((Unreachable, RuntimeError, Warning)) as error:
        # the public address cannot be reached here; what matters is that nobody asked for another
        Client(Settings(), resolver=rebinding).get("http://rebind.example/", max_bytes=1, seconds=AMPLE)
    assert not isinstance(error.value, Refused)
    assert asked == ["rebind.example"]


def test_each_redirect_is_resolved_and_judged_anew(site: Site) -> None:
    site.redirect("/", f"http://again.example:{site.port}/")
    answers = {"first.example": rows("127.0.0.1", port=site.port), "again.example": rows("10.1.1.1", port=site.port)}
    settings = Settings(
        allow_hosts=(AllowedHost(host="first.example", port=site.port),), ports=frozenset({80, site.port})
    )
    client = Client(settings, resolver=lambda host, *_: answers[host])
    url = f"http://first.example:{site.port}/"
    assert rule_of(lambda: client.get(url, max_bytes=1, seconds=AMPLE)) == "address_private"


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://127.0.0.1:{port}/secret", "address_loopback"),
        ("http://localhost:{port}/secret", "host_local"),
        ("http://[::1]:{port}/secret", "address_loopback"),
        ("http://169.254.169.254/", "address_metadata"),
        ("http://2130706433:{port}/", "url_form"),
        ("//127.0.0.1:{port}/secret", "address_loopback"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:70/", "scheme"),
        ("http://a:b@allowed.example:{port}/", "userinfo"),
        ("http://other.example:22/", "port"),
        ("http://[::1", "url_form"),
    ],
)
def test_an_exempt_host_cannot_lead_elsewhere(site: Site, location: str, rule: str) -> None:
    site.page("/secret", "inside")
    site.redirect("/", location.format(port=site.port))
    settings = Settings(
        allow_hosts=(AllowedHost(host="allowed.example", port=site.port),), ports=frozenset({80, site.port})
    )
    client = Client(settings, resolver=lambda *_: rows("127.0.0.1", port=site.port))
    url = f"http://allowed.example:{site.port}/"
    assert rule_of(lambda: client.get(url, max_bytes=100, seconds=AMPLE)) == rule
    assert [seen.path for seen in site.requests] == ["/"]


def test_an_exemption_is_for_one_host_and_port() -> None:
    settings = Settings(allow_hosts=(AllowedHost(host="10.0.0.1", port=9000), AllowedHost(host="::1")))
    judge_url("http://10.0.0.1:9000/", settings)
    judge_url("http://[0:0::1]:77/", settings)
    assert rule_of(lambda: judge_url("http://10.0.0.1/", settings)) == "address_private"
    assert rule_of(lambda: judge_url("http://10.0.0.2:9000/", settings)) == "address_private"
    assert rule_of(lambda: judge_url("http://[::ffff:10.0.0.1]:9000/", settings)) == "address_private"


def test_judge_address_speaks_of_addresses() -> None:
    judge_address("93.184.216.34")
    assert rule_of(lambda: judge_address("192.168.0.1")) == "address_private"
    with pytest.raises(Refused, match="RFC1918"):
        judge_address("10.2.3.4")


def test_the_kick_off_hears_a_private_answer_and_waits_for_none() -> None:
    hang = threading.Event()

    def slow(*_: object) -> list[tuple[Any, ...]]:
        hang.wait(AMPLE)
        return rows("10.0.0.1")

    def unknown(*_: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    settings = Settings(allow_hosts=(AllowedHost(host="mine.example"),))
    url = "http://some.example/"
    private, public = (lambda *_, answer=answer: rows(answer) for answer in ("10.0.0.1", "93.184.216.34"))
    assert rule_of(lambda: resolve_and_judge(url, settings, AMPLE, resolver=private)) == "address_private"
    assert resolve_and_judge(url, settings, AMPLE, resolver=public) is Judgement.PUBLIC
    assert resolve_and_judge(url, settings, AMPLE, resolver=unknown) is Judgement.UNDECIDED
    start = time.monotonic()
    assert resolve_and_judge("http://mine.example/", settings, AMPLE, resolver=slow) is Judgement.EXEMPT
    assert resolve_and_judge(url, settings, resolver=slow) is Judgement.UNDECIDED
    assert time.monotonic() - start < AMPLE / 2
    hang.set()


def test_a_resolver_that_hangs_is_left_behind_at_the_deadline() -> None:
    hang = threading.Event()
    start = time.monotonic()
    with pytest.raises(Unreachable, match="not resolved in time"):
        Client(Settings(), resolver=lambda *_: hang.wait(AMPLE) and []).get(
            "http://slow.example/", max_bytes=1, seconds=1
        )
    assert time.monotonic() - start < AMPLE / 2
    hang.set()


def test_a_gzip_bomb_of_300_megabytes_is_cut_without_being_held(site: Site) -> None:
    site.gzip_bomb("/", 300 << 20)
    client = Client(site.settings())
    tracemalloc.start()
    try:
        response = client.get(site.url(), max_bytes=BIG, seconds=AMPLE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (response.size, response.truncated) == (BIG, True)
    # the body itself, its buffer, and the server's 1 MiB of zeros, which lives in this process
    assert peak < 12 << 20


def test_a_drip_ends_at_the_deadline(site: Site) -> None:
    site.drip("/", seconds=AMPLE)
    start = time.monotonic()
    with pytest.raises(Unreachable, match=r"in time|within"):
        Client(site.settings()).get(site.url(), max_bytes=BIG, seconds=1)
    assert time.monotonic() - start < AMPLE / 2


def test_a_drip_of_headers_ends_at_the_deadline(site: Site) -> None:
    def write(out: Any) -> None:
        out.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(int(AMPLE / 0.05)):
            out.write(b"X-%d: y\r\n" % number)
            out.flush()
            time.sleep(0.05)

    site.raw("/", write)
    start = time.monotonic()
    with pytest.raises(Unreachable):
        Client(site.settings()).get(site.url(), max_bytes=BIG, seconds=1)
    assert time.monotonic() - start < AMPLE / 2


@pytest.mark.parametrize(
    "head",
    [
        b"X-Bomb: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n",
        b"X: y\r\n" * 300 + b"\r\n",
    ],
)
def test_header_bombs_are_refused(site: Site, head: bytes) -> None:
    site.raw("/", b"HTTP/1.1 200 OK\r\n" + head)
    with pytest.raises(LimitExceeded, match="headers"):
        Client(site.settings()).get(site.url(), max_bytes=BIG, seconds=AMPLE)


@pytest.mark.parametrize(
    "garbage", [b"ffffffffffffffffffffffff\r\n", b"\xff\xfe\r\n", b"1" * 200_000, b"5;" + b"e" * 200_000]
)
def test_chunked_garbage_is_malformed_or_too_much(site: Site, garbage: bytes) -> None:
    site.raw("/", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + garbage)
    with pytest.raises((Malformed, LimitExceeded, Unreachable)):
        Client(site.settings()).get(site.url(), max_bytes=BIG, seconds=AMPLE)


def test_errors_do_not_repeat_the_query_of_a_url(site: Site) -> None:
    site.redirect("/", "http://10.0.0.1/?key=abc")
    with pytest.raises(Refused) as refused:
        Client(site.settings()).get(site.url("/?key=abc"), max_bytes=1, seconds=AMPLE)
    assert "abc" not in str(refused.value)
    for url in ("http://exa\nmple.com/?key=abc", "http://example.com:22/?key=abc"):
        with pytest.raises(Refused) as refused:
            judge_url(url, Settings())
        assert "abc" not in str(refused.value)


@pytest.mark.parametrize("url", [*LITERALS, "http://printer.local/", "http://name/", "http://a.example:22/"])
def test_no_way_of_asking_goes_around_the_guard(url: str) -> None:
    """Handshakes and bare bytes are judged as requests are; a refusal comes before any connection."""
    client, secure = Client(Settings()), url.replace("http:", "https:", 1)
    for ask in (
        lambda: client.handshake(secure, seconds=AMPLE),
        lambda: client.verify(secure, seconds=AMPLE),
        lambda: client.tell(secure, b"x", max_bytes=1, seconds=AMPLE),
        lambda: client.get(secure, max_bytes=1, seconds=AMPLE, lenient=True),
    ):
        with pytest.raises(Refused):
            ask()


def test_what_is_asked_around_a_page_is_judged_hop_by_hop(site: Site) -> None:
    """A page may send every question about its site inside: none of them arrives."""
    with Site() as inside:
        for path in (
            "/robots.txt",
            "/.well-known/security.txt",
            "/security.txt",
            "/.git/HEAD",
            "/a.js",
            "/mapped",
            "/linked",
            "/canonical",
            "/llms.txt",
        ):
            site.redirect(path, inside.url("/secret"))
        site.page("/", "<script src=/a.js></script><link rel=canonical href=/canonical><a href=/linked>x</a>")
        mapped = f"<url><loc>{site.url('/mapped')}</loc></url><url><loc>{inside.url('/secret')}</loc></url>"
        site.page("/sitemap.xml", f"<urlset>{mapped}</urlset>", content_type="text/xml")
        site.page("/b.js", "//# sourceMappingURL=" + inside.url("/map"))
        report = engine.run(replace(plan(site.url()), slots=("security", "seo")), site.settings(), Progress())
    assert inside.requests == []
    assert {"/mapped", "/linked", "/canonical", "/llms.txt"} <= {seen.path for seen in site.requests}
    assert report.scan_status is ScanStatus.PARTIAL
    reasons = {entry.what: entry for entry in report.coverage}
    assert "127.0.0.1" in (reasons["check.security_contact"].detail or "")
