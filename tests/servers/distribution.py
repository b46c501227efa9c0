"""A registry in the hands of a test: it speaks the distribution API as told, honestly at first, and then as a liar."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from surveyor.scan.formats.reference import Reference, parse
from surveyor.scan.settings import AllowedHost, Settings
from tests import images
from tests.servers.web import Headers, Seen, Site, Writer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REPOSITORY = "team/app"
_RANGE = re.compile(r"bytes=([0-9]+)-")


class Realm(Site):
    """Hands out tokens, each good for ``uses`` requests; ``login`` is who may have one, anybody when it is nothing."""

    def __init__(self, *, login: str = "", uses: int = 1000) -> None:
        super().__init__()
        self.login, self.uses = login, uses
        self.given: dict[str, int] = {}
        self.refused = False
        self._lock = threading.Lock()

    def answer(self, seen: Seen) -> Writer:
        """A token, or 401."""
        self.requests.append(seen)
        proof = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.refused or (self.login and seen.headers.get("authorization") != proof):
            return written(401, b'{"details":"incorrect username or password"}')
        with self._lock:  # of two that ask at once each has its own
            token = self.token(seen)
            self.given[token] = self.uses
        return written(200, json.dumps({"token": token, "expires_in": 60}).encode())

    def token(self, seen: Seen) -> str:
        """A new one."""
        return f"token-{len(self.given) + 1}"

    def takes(self, header: str) -> bool:
        """Whether a request comes with a token that is still good."""
        with self._lock:
            token = header.removeprefix("Bearer ")
            if token not in self.given:
                return False
            self.given[token] -= 1
            return self.given[token] >= 0

    def asked(self) -> list[dict[str, list[str]]]:
        """What each request for a token wanted."""
        return [parse_qs(urlsplit(seen.path).query) for seen in self.requests]


class Distribution(Site):
    """One repository. ``realm`` is who gives tokens; ``proof`` a header that is wanted; ``first`` what is answered once
    each, by path, before anything else.
    """

    def __init__(self, *, realm: Realm | None = None, proof: str = "", tls: bool = False) -> None:
        super().__init__(tls=tls)
        self.realm, self.proof = realm, proof
        self.challenge = ""
        self.ranges = True
        self.first: dict[str, list[Writer]] = {}
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}

    @property
    def reference(self) -> Reference:
        """The image that tests ask for."""
        return parse(f"{self.host}:{self.port}/{REPOSITORY}:1")

    def settings(self, **changes: Any) -> Settings:
        """Settings that exempt this server and its realm."""
        sites: Sequence[Site] = [self, *([self.realm] if self.realm else [])]
        changes.setdefault("allow_hosts", tuple(AllowedHost(host=site.host, port=site.port) for site in sites))
        return Settings(**changes)

    def blob(self, data: bytes, media_type: str = LAYER, **more: object) -> dict[str, Any]:
        """Keep a blob; returns its descriptor, in which ``more`` may lie."""
        self.blobs[images.sha256(data)] = data
        return {"mediaType": media_type, "digest": images.sha256(data), "size": len(data), **more}

    def document(self, document: dict[str, Any], *tags: str, **more: object) -> dict[str, Any]:
        """Keep a manifest or an index under its digest and tags."""
        data, media_type = json.dumps(document).encode(), str(document.get("mediaType", MANIFEST))
        for name in (images.sha256(data), *tags):
            self.manifests[name] = (media_type, data)
        return {"mediaType": media_type, "digest": images.sha256(data), "size": len(data), **more}

    def image(self, layers: Sequence[dict[str, Any]], *tags: str, **more: object) -> dict[str, Any]:
        """An image of layers that are there."""
        config = self.blob(b'{"os":"linux","architecture":"amd64"}', CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers)}
        return self.document(manifest, *tags, **more)

    def path(self, digest: str) -> str:
        """Where a blob is."""
        return f"/v2/{REPOSITORY}/blobs/{digest}"

    def answer(self, seen: Seen) -> Writer:
        """What a test laid ready, else what the API says."""
        if queue := self.first.get(seen.path):
            self.requests.append(seen)
            return queue.pop(0)
        if seen.path in self._routes:
            return super().answer(seen)
        self.requests.append(seen)
        if (challenge := self._challenge(seen)) is not None:
            return written(401, error("UNAUTHORIZED"), (("WWW-Authenticate", challenge),))
        _, _, path = seen.path.partition(f"/v2/{REPOSITORY}/")
        kind, _, name = path.partition("/")
        if kind == "manifests" and name in self.manifests:
            media_type, data = self.manifests[name]
            return written(200, data, (("Content-Type", media_type), ("Docker-Content-Digest", images.sha256(data))))
        if kind == "blobs" and name in self.blobs:
            return self._part(self.blobs[name], seen.headers.get("range", ""))
        return written(404, error("MANIFEST_UNKNOWN" if kind == "manifests" else "BLOB_UNKNOWN"))

    def _challenge(self, seen: Seen) -> str | None:
        shown = seen.headers.get("authorization", "")
        if self.proof:
            return None if shown == self.proof else self.challenge or 'Basic realm="tests"'
        if self.realm is None or self.realm.takes(shown):
            return None
        scope = f"repository:{REPOSITORY}:pull"
        return self.challenge or f'Bearer realm="{self.realm.url("/token")}",service="tests",scope="{scope}"'

    def _part(self, data: bytes, wanted: str) -> Writer:
        match = _RANGE.fullmatch(wanted)
        if match is None or not self.ranges:
            return written(200, data)
        start = int(match[1])
        if start >= len(data):
            return written(416, b"")
        told = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return written(206, data[start:], (("Content-Range", told),))


def error(code: str) -> bytes:
    """An error as the specification words it."""
    return json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()


def written(status: int, body: bytes, headers: Headers = (), *, sent: int | None = None) -> Writer:
    """An answer of which the first ``sent`` bytes are sent."""

    def write(out: BinaryIO) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        end = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        out.write(f"HTTP/1.1 {status} Status\r\n{lines}{end}".encode())
        out.write(body if sent is None else body[:sent])

    return write


def endless(out: BinaryIO) -> None:
    """A body that nobody ends."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n")
    piece = bytes(1 << 16)
    while True:
        out.write(piece)
