"""What the documents of an image name: descriptors of the OCI image specification 1.1, as in Docker's schema 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: So many manifests of one index and layers of one image are looked at.
MANIFESTS = 64
LAYERS = 512
#: The platform of what signs or describes an image and is none (BuildKit).
ATTESTATION = "unknown/unknown"
_DIGEST = regex(r"[a-z0-9+._-]{1,32}:[0-9a-f]{32,128}")
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@frozen
class Descriptor:
    """One thing that a document names.

    ``size`` is absent when none usable is given; ``name`` is what an annotation calls an image; ``platform`` is
    ``os/architecture[/variant]``; ``media_type`` may be empty.
    """

    digest: str
    size: int | None
    media_type: str
    platform: str | None = None
    name: str | None = None

    @classmethod
    def read(cls, value: object) -> Self:
        """Read a descriptor; raises ``Malformed`` for one without a usable digest."""
        document = value if isinstance(value, dict) else {}
        digest, size = document.get("digest"), document.get("size")
        if not isinstance(digest, str) or not is_digest(digest):
            raise Malformed("descriptor has no usable digest")
        media_type, annotations = document.get("mediaType"), document.get("annotations")
        return cls(
            digest=digest,
            size=size if isinstance(size, int) and size >= 0 else None,
            media_type=media_type if isinstance(media_type, str) else "",
            platform=platform_of(document.get("platform")),
            name=_name(annotations if isinstance(annotations, dict) else {}),
        )

    @property
    def filesystem(self) -> bool:
        """Whether this layer is one of files, as far as its type says."""
        return not self.media_type or "tar" in self.media_type


def is_digest(value: object) -> bool:
    """Whether a value has the form of a digest."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def platform_of(value: object) -> str | None:
    """``os/architecture[/variant]`` of a descriptor's platform or of an image's configuration."""
    document = value if isinstance(value, dict) else {}
    parts = [document.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(part[:40] for part in parts if isinstance(part, str) and part) or None


def _name(annotations: Mapping[str, object]) -> str | None:
    return next((value[:300] for key in _NAMES if isinstance(value := annotations.get(key), str) and value), None)
