"""A real registry on 127.0.0.1: Debian's ``docker-registry``, and a small client that pushes images into it."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from surveyor.scan.settings import AllowedHost, Settings
from tests import images, registry
from tests.servers.ports import Reserved

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
#: ``surveyor`` with this password, as htpasswd -B keeps it.
PASSWORD = "let me in"
HTPASSWD = "surveyor:$2b$04$S6GpVGSW9L31gae2s0nV8uIMSbKAlaVYDJGIvLi4BruZFuz0Iv.U6"


class RealRegistry:
    """The program, running; ``auth`` is the section of that name of its configuration."""

    def __init__(self, folder: Path, *, auth: str = "", tls: tuple[Path, Path] | None = None) -> None:
        program = registry.find()
        if program is None:
            pytest.skip("no docker-registry is installed (python -m tests.registry fetches one)")
        #: What pushing shows; those who pull show their own.
        self.proof = "Basic " + base64.b64encode(f"surveyor:{PASSWORD}".encode()).decode()
        self._tls = tls is not None
        self._reserved = Reserved()
        self.host, self.port = "127.0.0.1", self._reserved.number
        certificate = f"  tls: {{certificate: {tls[0]}, key: {tls[1]}}}\n" if tls else ""
        settings = folder / "config.yml"
        settings.write_text(
            "version: 0.1\nlog: {level: warn}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder / 'blobs'}}}}}\n"
            f"http:\n  addr: {self.host}:{self.port}\n{certificate}{auth}"
        )
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen([program, "serve", str(settings)], stdout=self._log, stderr=self._log)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return self
            except OSError:
                assert self._process.poll() is None, "the registry has ended"
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
        self._reserved.close()

    @property
    def name(self) -> str:
        """The registry as it stands in a reference."""
        return f"{self.host}:{self.port}"

    def settings(self, **changes: Any) -> Settings:
        """Settings that exempt this registry from the guard."""
        changes.setdefault("allow_hosts", (AllowedHost(host=self.host, port=self.port),))
        return Settings(**changes)

    def push(
        self, repository: str, tag: str, layers: Sequence[bytes], *, platform: str = "linux/amd64", docker: bool = False
    ) -> dict[str, Any]:
        """Push an image; returns its descriptor with platform."""
        system, _, rest = platform.partition("/")
        architecture, _, variant = rest.partition("/")
        told = {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})}
        config = {**told, "rootfs": {"type": "layers", "diff_ids": [images.sha256(layer) for layer in layers]}}
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST if docker else OCI_MANIFEST,
            "config": self.blob(repository, json.dumps(config).encode(), OCI_CONFIG),
            "layers": [self.blob(repository, packed(layer), OCI_LAYER) for layer in layers],
        }
        return {**self.manifest(repository, tag, document), "platform": told}

    def index(self, repository: str, tag: str, manifests: Sequence[dict[str, Any]], *, docker: bool = False) -> str:
        """Push an index of what was pushed; returns its digest."""
        document = {"schemaVersion": 2, "mediaType": LIST if docker else OCI_INDEX, "manifests": list(manifests)}
        digest: str = self.manifest(repository, tag, document)["digest"]
        return digest

    def manifest(self, repository: str, tag: str, document: dict[str, Any]) -> dict[str, Any]:
        """Put one document under a tag, or under its digest when the tag is empty."""
        data, media_type = json.dumps(document).encode(), document["mediaType"]
        path = f"/v2/{repository}/manifests/{tag or images.sha256(data)}"
        self.ask("PUT", path, data, {"Content-Type": media_type}, 201)
        return {"mediaType": media_type, "digest": images.sha256(data), "size": len(data)}

    def blob(self, repository: str, data: bytes, media_type: str) -> dict[str, Any]:
        """Upload a blob in one piece."""
        place = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"", {}, 202)
        split = place.partition("/v2/")[2]
        digest = images.sha256(data)
        mark = "&" if "?" in split else "?"
        self.ask("PUT", f"/v2/{split}{mark}digest={digest}", data, {"Content-Type": "application/octet-stream"}, 201)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str], status: int) -> str:
        """One request; returns the Location."""
        if self._tls:
            context = ssl._create_unverified_context()
            line: http.client.HTTPConnection = http.client.HTTPSConnection(self.host, self.port, context=context)
        else:
            line = http.client.HTTPConnection(self.host, self.port)
        line.request(method, path, body, {"Authorization": self.proof, **headers})
        answer = line.getresponse()
        words = answer.read()
        line.close()
        assert answer.status == status, words
        return answer.headers.get("Location", "")


def packed(layer: bytes) -> bytes:
    """A layer as it is pushed: the same bytes whenever it is."""
    return gzip.compress(layer, 1, mtime=0)
