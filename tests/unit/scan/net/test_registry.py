"""The registry client against a server that tests command: proofs, patience, broken and lying blobs."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from surveyor.scan.errors import (
    Absent,
    Denied,
    LimitExceeded,
    Malformed,
    Mismatch,
    Refused,
    ScanError,
    Unreachable,
    Unsupported,
)
from surveyor.scan.net.client import Client
from surveyor.scan.net.registry import Registry
from surveyor.scan.net.registry.challenge import Challenge, challenges
from surveyor.scan.settings import AllowedHost, Login, Logins, Settings
from tests import images
from tests.servers.distribution import REPOSITORY, Distribution, Realm, endless, error, written
from tests.servers.web import Site

DATA = os.urandom(300_000)


@pytest.fixture
def server() -> Iterator[Distribution]:
    with Distribution() as running:
        yield running


@pytest.fixture
def realm() -> Iterator[Realm]:
    with Realm() as running:
        yield running


@pytest.fixture
def guarded(realm: Realm) -> Iterator[Distribution]:
    with Distribution(realm=realm) as running:
        yield running


class Puller:
    """A registry's client with a clock that nobody waits for, and where its blobs go."""

    def __init__(self, server: Distribution, settings: Settings | None = None) -> None:
        self.waits: list[float] = []
        self.ticks: list[int] = []
        self.out = io.BytesIO()
        self.registry = Registry(server.reference, settings or server.settings(), wait=self.waits.append)

    def blob(self, server: Distribution, digest: str = "", size: int = -1) -> bytes:
        """Open the registry and pull one blob."""
        server.image([], "1")
        self.registry.manifest("1")
        wanted = digest or images.sha256(DATA)
        self.registry.blob(wanted, len(DATA) if size < 0 else size, self.out, tick=self.ticks.append)
        return self.out.getvalue()


def logins(server: Distribution, name: str = "me", password: str = "secret word", token: str = "") -> Logins:
    login = Login(
        host=server.reference.host, source="config.json", username=name, password=password, identity_token=token
    )
    return Logins(found=(login,))


def test_a_blob_comes_whole(server: Distribution) -> None:
    server.blob(DATA)
    puller = Puller(server)
    assert puller.blob(server) == DATA
    assert sum(puller.ticks) == len(DATA)
    assert puller.waits == []


def test_a_blob_that_breaks_off_is_taken_up_where_it_was(server: Distribution) -> None:
    server.blob(DATA)
    path = server.path(images.sha256(DATA))
    server.first[path] = [written(200, DATA, sent=100_000)]
    puller = Puller(server)
    assert puller.blob(server) == DATA
    asked = [seen.headers.get("range") for seen in server.requests if seen.path == path]
    assert asked == [None, "bytes=100000-"]
    assert puller.waits == [0.5]
    assert sum(puller.ticks) == len(DATA)


def test_a_server_without_ranges_begins_anew(server: Distribution) -> None:
    server.blob(DATA)
    server.ranges = False
    server.first[server.path(images.sha256(DATA))] = [written(200, b"x" * 1000 + DATA[1000:], sent=200_000)]
    puller = Puller(server)
    assert puller.blob(server) == DATA
    assert sum(puller.ticks) == len(DATA)


def test_a_connection_that_ends_without_a_length_is_not_the_end(server: Distribution) -> None:
    server.blob(DATA)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    server.first[server.path(images.sha256(DATA))] = [lambda out: out.write(head + DATA[:5000]) and None]
    assert Puller(server).blob(server) == DATA


def test_a_blob_that_always_breaks_off_is_given_up(server: Distribution) -> None:
    path = server.path(images.sha256(DATA))
    server.raw(path, written(206, DATA, (("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}"),), sent=0))
    puller = Puller(server)
    with pytest.raises(Unreachable):
        puller.blob(server)
    assert puller.waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_another_part_than_was_asked_for_is_refused(server: Distribution) -> None:
    path = server.path(images.sha256(DATA))
    server.first[path] = [
        written(200, DATA, sent=1000),
        written(206, DATA, (("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}"),)),
    ]
    with pytest.raises(Malformed, match="another one came"):
        Puller(server).blob(server)


def test_a_part_that_does_not_say_which_it_is_is_refused(server: Distribution) -> None:
    path = server.path(images.sha256(DATA))
    server.first[path] = [written(200, DATA, sent=1000), written(206, DATA[1000:])]
    with pytest.raises(Malformed, match="which part"):
        Puller(server).blob(server)


def test_other_bytes_of_the_same_size_are_no_blob(server: Distribution) -> None:
    server.raw(server.path(images.sha256(DATA)), written(200, DATA[::-1]))
    with pytest.raises(Mismatch) as caught:
        Puller(server).blob(server)
    assert caught.value.code == "wrong_digest"


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1, 0, 10**15])
def test_a_size_that_is_not_the_blobs_is_told(server: Distribution, size: int) -> None:
    server.blob(DATA)
    puller = Puller(server)
    with pytest.raises(Mismatch) as caught:
        puller.blob(server, size=size)
    assert caught.value.code == "wrong_size"
    assert puller.waits == []


def test_a_blob_without_end_is_cut_at_its_size(server: Distribution) -> None:
    server.raw(server.path(images.sha256(DATA)), endless)
    puller = Puller(server)
    with pytest.raises(Mismatch):
        puller.blob(server)
    assert len(puller.out.getvalue()) <= len(DATA)


def test_a_blob_is_as_it_is_on_the_wire(server: Distribution) -> None:
    packed = gzip.compress(b"layer" * 1000)
    digest = images.sha256(packed)
    server.raw(server.path(digest), written(200, packed, (("Content-Encoding", "gzip"),)))
    assert Puller(server).blob(server, digest, len(packed)) == packed


def test_sha512_is_verified_too_and_unknown_algorithms_are_not_trusted(server: Distribution) -> None:
    digest = "sha512:" + hashlib.sha512(DATA).hexdigest()
    server.blobs[digest] = DATA
    assert Puller(server).blob(server, digest) == DATA
    server.blobs["md5:" + "0" * 32] = DATA
    with pytest.raises(Unsupported, match="md5"):
        Puller(server).blob(server, "md5:" + "0" * 32)


def test_a_blob_may_be_on_another_host_which_sees_no_proof(guarded: Distribution, realm: Realm, site: Site) -> None:
    digest = images.sha256(DATA)
    site.page("/storage", DATA, content_type="application/octet-stream")
    settings = guarded.settings()
    settings = Settings(allow_hosts=(*settings.allow_hosts, *site.settings().allow_hosts))
    guarded.redirect(guarded.path(digest), site.url("/storage"), status=307)
    puller = Puller(guarded, settings)
    assert puller.blob(guarded, digest) == DATA
    assert [seen.headers.get("authorization") for seen in site.requests] == [None]
    assert "Bearer token-1" in [seen.headers.get("authorization") for seen in guarded.requests]


def test_where_blobs_lie_cannot_ask_for_the_registrys_login(server: Distribution, guarded: Distribution) -> None:
    assert guarded.realm is not None
    path = server.path(images.sha256(DATA))
    server.redirect(path, guarded.url(path), status=307)
    exempt = (*server.settings().allow_hosts, *guarded.settings().allow_hosts)
    with pytest.raises(Denied, match=r"sends to 127\.0\.0\.1, which answers 401: UNAUTHORIZED"):
        Puller(server, Settings(allow_hosts=exempt, logins=logins(server))).blob(server)
    assert [seen.path for seen in guarded.requests] == [path]
    assert guarded.realm.requests == []


def test_a_token_is_asked_for_once_for_pulling_this_repository(guarded: Distribution, realm: Realm) -> None:
    guarded.blob(DATA)
    assert Puller(guarded).blob(guarded) == DATA
    assert realm.asked() == [{"service": ["tests"], "scope": [f"repository:{REPOSITORY}:pull"]}]


def test_a_token_that_has_expired_is_renewed(guarded: Distribution, realm: Realm) -> None:
    realm.uses = 1
    guarded.blob(DATA)
    guarded.first[guarded.path(images.sha256(DATA))] = [written(200, DATA, sent=1000)]
    assert Puller(guarded).blob(guarded) == DATA
    assert len(realm.given) == 2


def test_tokens_that_are_never_good_end(guarded: Distribution, realm: Realm) -> None:
    realm.uses = 0
    with pytest.raises(Denied, match="does not let us pull"):
        Puller(guarded).blob(guarded)
    assert len(realm.requests) <= 3


def test_a_login_goes_to_the_realm_and_nowhere_else(guarded: Distribution, realm: Realm) -> None:
    realm.login = "me:secret word"
    guarded.blob(DATA)
    assert Puller(guarded, guarded.settings(logins=logins(guarded))).blob(guarded) == DATA
    assert realm.asked()[0]["account"] == ["me"]
    shown = {seen.headers.get("authorization") for seen in guarded.requests}
    assert shown == {None, "Bearer token-1"}


def test_an_identity_token_is_exchanged_for_one_to_pull_with(guarded: Distribution, realm: Realm) -> None:
    guarded.blob(DATA)
    settings = guarded.settings(logins=logins(guarded, "", "", token="identity"))
    assert Puller(guarded, settings).blob(guarded) == DATA
    assert [seen.method for seen in realm.requests] == ["POST"]
    assert "authorization" not in realm.requests[0].headers


def test_a_login_the_realm_does_not_accept_is_named(guarded: Distribution, realm: Realm) -> None:
    realm.refused = True
    with pytest.raises(Denied, match=r"gives no token .*with the login from config\.json") as caught:
        Puller(guarded, guarded.settings(logins=logins(guarded))).blob(guarded)
    assert "secret word" not in str(caught.value)
    with pytest.raises(Denied, match=r"no login for .* was found in x\.json"):
        Puller(guarded, guarded.settings(logins=Logins(looked=("x.json",)))).blob(guarded)


def test_basic_is_answered_when_it_is_asked_for(server: Distribution) -> None:
    server.proof = "Basic bWU6c2VjcmV0IHdvcmQ="
    server.blob(DATA)
    assert Puller(server, server.settings(logins=logins(server))).blob(server) == DATA
    assert server.requests[0].headers.get("authorization") is None
    with pytest.raises(Denied, match=r"no login for .* was found in x\.json"):
        Puller(server, server.settings(logins=Logins(looked=("x.json",)))).blob(server)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"token": 1}',
        b'{"token": "a\\r\\nX-Evil: 1"}',
        b'{"token": "\xc3\xa9"}',
        b'{"token": "' + b"x" * 40_000 + b'"}',
        b'{"token": ""}',
        b"\xff",
        b'{"token":' * 5000,
    ],
)
def test_a_realm_that_gives_no_token_is_told(guarded: Distribution, answer: bytes, site: Site) -> None:
    site.page("/token", answer)
    guarded.challenge = f'Bearer realm="{site.url("/token")}"'
    settings = Settings(allow_hosts=(*guarded.settings().allow_hosts, *site.settings().allow_hosts))
    with pytest.raises(Malformed, match="without one"):
        Puller(guarded, settings).blob(guarded)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(server: Distribution, status: int) -> None:
    server.image([], "1")
    server.first[f"/v2/{REPOSITORY}/manifests/1"] = [
        written(status, b"busy", (("Retry-After", "7"),)),
        written(status, b"busy"),
        written(status, b"busy", (("Retry-After", "soon"),)),
        written(status, b"busy", (("Retry-After", "Mon, 01 Jan 99999999999 00:00:00 GMT"),)),
        written(status, b"busy", (("Retry-After", "Mon, 01 Jan 2024 00:00:00 +99999999999999"),)),
    ]
    puller = Puller(server)
    puller.registry.manifest("1")
    assert puller.waits == [7, 1, 2, 4, 8]


def test_a_date_to_come_back_at_is_read(server: Distribution) -> None:
    server.image([], "1")
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=55), usegmt=True)
    server.first[f"/v2/{REPOSITORY}/manifests/1"] = [written(429, b"", (("Retry-After", soon),))]
    puller = Puller(server)
    puller.registry.manifest("1")
    assert 20 < puller.waits[0] <= 55


def test_nobody_waits_for_an_hour_or_for_ever(server: Distribution) -> None:
    path = f"/v2/{REPOSITORY}/manifests/1"
    server.raw(path, written(429, error("TOOMANYREQUESTS"), (("Retry-After", "3600"),)))
    puller = Puller(server)
    with pytest.raises(Unreachable, match="429: TOOMANYREQUESTS"):
        puller.registry.manifest("1")
    assert puller.waits == []
    server.raw(path, written(503, b""))
    with pytest.raises(Unreachable, match="503"):
        puller.registry.manifest("1")
    assert len(puller.waits) == 5


def test_an_error_with_endless_words_is_cut(server: Distribution) -> None:
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(404, b"x" * 1_000_000))
    with pytest.raises(Unreachable, match="more than 64 KiB"):
        Puller(server).registry.manifest("1")


def test_what_is_no_registry_is_told(server: Distribution) -> None:
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(404, b"<h1>not found</h1>"))
    with pytest.raises(Unreachable, match="does not answer as a registry"):
        Puller(server).registry.manifest("1")
    with pytest.raises(Absent, match="MANIFEST_UNKNOWN"):
        Puller(server).registry.manifest("2")


def test_a_manifest_is_verified_by_every_digest_that_is_named(server: Distribution) -> None:
    named = server.image([], "1")
    assert Puller(server).registry.manifest(named["digest"], size=named["size"]).digest == named["digest"]
    with pytest.raises(Mismatch, match="not the 5 named"):
        Puller(server).registry.manifest(named["digest"], size=5)
    media_type, data = server.manifests["1"]
    server.raw(
        f"/v2/{REPOSITORY}/manifests/{named['digest']}", written(200, data + b" ", (("Content-Type", media_type),))
    )
    with pytest.raises(Mismatch):
        Puller(server).registry.manifest(named["digest"])
    lying = (("Content-Type", media_type), ("Docker-Content-Digest", "sha256:" + "0" * 64))
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(200, data, lying))
    with pytest.raises(Mismatch):
        Puller(server).registry.manifest("1")
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(200, data, (("Content-Type", media_type),)))
    assert Puller(server).registry.manifest("1").digest == named["digest"]


def test_a_manifest_of_5_mb_is_not_read(server: Distribution) -> None:
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(200, b" " * 5_000_000))
    with pytest.raises(LimitExceeded, match="4,194,304"):
        Puller(server).registry.manifest("1")


def test_schema_1_is_told_apart(server: Distribution) -> None:
    document = json.dumps({"schemaVersion": 1, "fsLayers": []}).encode()
    kind = (("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),)
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(200, document, kind))
    with pytest.raises(Unsupported, match="schema 1"):
        Puller(server).registry.manifest("1")


def test_a_registry_elsewhere_is_never_asked_over_http(server: Distribution) -> None:
    server.image([], "1")
    named = replace(server.reference, host=f"registry.example:{server.port}")
    settings = Settings(allow_hosts=(AllowedHost(host="registry.example"),))

    def resolver(*_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    with pytest.raises(Unreachable, match="TLS"):
        Registry(named, settings, client=Client(settings, resolver=resolver)).manifest("1")  # type: ignore[arg-type]
    assert server.requests == []
    plain = replace(settings, plain_registries=(AllowedHost(host="registry.example"),))
    assert Registry(named, plain, client=Client(plain, resolver=resolver)).manifest("1").data  # type: ignore[arg-type]


def test_over_tls_no_realm_is_asked_over_http(realm: Realm) -> None:
    with Distribution(realm=realm, tls=True) as server:
        settings = server.settings(logins=logins(server))
        client = Client(settings, tls=Site.trust())
        with pytest.raises(Refused) as caught:
            Registry(server.reference, settings, client=client).manifest("1")
        assert caught.value.rule == "redirect_downgrade"
        assert realm.requests == []


def test_over_tls_no_realm_sends_on_to_http(realm: Realm) -> None:
    with Distribution(tls=True) as server, Site(tls=True) as front:
        server.proof, server.challenge = "Bearer never", f'Bearer realm="{front.url("/token")}"'
        front.redirect("/token", realm.url("/token"))
        settings = Settings(
            allow_hosts=tuple(AllowedHost(host=site.host, port=site.port) for site in (server, front, realm))
        )
        with pytest.raises(Refused) as caught:
            Registry(server.reference, settings, client=Client(settings, tls=Site.trust())).manifest("1")
        assert caught.value.rule == "redirect_downgrade"
        assert front.requests
        assert realm.requests == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"errors": [null]}', b'{"errors": {"code": 1}}', b"[" * 100_000]
)
@pytest.mark.parametrize("status", [200, 206, 301, 400, 401, 404, 410, 500])
def test_no_answer_raises_another_error_than_ours(server: Distribution, status: int, body: bytes) -> None:
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(status, body))
    with contextlib.suppress(ScanError):
        Puller(server).registry.manifest("1")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (['Basic realm="a"'], [Challenge(scheme="basic", parameters={"realm": "a"})]),
        (
            ['Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"'],
            [
                Challenge(
                    scheme="bearer",
                    parameters={"realm": "https://a/t", "service": "s", "scope": "repository:a/b:pull,push"},
                )
            ],
        ),
        (
            ['Basic realm="x, Bearer y=1", Bearer realm=plain , service = "a \\"b\\""'],
            [
                Challenge(scheme="basic", parameters={"realm": "x, Bearer y=1"}),
                Challenge(scheme="bearer", parameters={"realm": "plain", "service": 'a "b"'}),
            ],
        ),
        (["Negotiate", "NTLM"], [Challenge(scheme="negotiate"), Challenge(scheme="ntlm")]),
        (['bearer REALM="a", realm="b"'], [Challenge(scheme="bearer", parameters={"realm": "a"})]),
        (["", "=", '"', ",,,", 'Bearer realm="unclosed'], [Challenge(scheme="bearer")]),
    ],
)
def test_challenges_are_read(headers: list[str], expected: list[Challenge]) -> None:
    assert list(challenges(headers)) == expected


@pytest.mark.parametrize(
    "text", ["Bearer " + "a=b," * 5000, 'Bearer a="' + "\\" * 8000, "a " * 5000, "," * 9000, "a=" * 5000]
)
def test_long_challenges_take_no_time(text: str) -> None:
    assert len(challenges([text] * 100)) <= 16
