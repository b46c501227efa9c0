"""Container registries: images by reference over the guarded client."""

from __future__ import annotations

from surveyor.scan.net.registry.client import INDEXES, Document, Registry

__all__ = ["INDEXES", "Document", "Registry"]
