"""Take in a file, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from surveyor.service.actions.platform import Platform
from surveyor.service.errors import InvalidParams, NotFound, TooLarge
from surveyor.service.store import artifacts
from surveyor.service.store.artifacts import Artifact, Upload

NAME_LENGTH = 255


class _Judge:
    """Counts and hashes what passes through, and stops at the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.hash = hashlib.sha256()

    async def passing(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.size += len(chunk)
            if self.size > self.limit:
                raise TooLarge(f"more than {self.limit:,} bytes", limit=self.limit)
            self.hash.update(chunk)
            yield chunk


async def receive(
    platform: Platform, *, team_id: UUID, project_id: UUID, filename: str, chunks: AsyncIterator[bytes]
) -> tuple[Upload, Artifact]:
    """Store a stream as an artifact; the same bytes are kept once per team. What fails leaves nothing behind."""
    name = _name(filename)
    judge = _Judge(platform.upload_max_bytes)
    key = f"artifacts/{team_id}/{uuid4()}"
    await platform.storage.put(key, judge.passing(chunks))
    kept = False
    try:
        if not judge.size:
            raise InvalidParams("the file is empty", details={"file": ["empty"]})
        async with platform.sessions() as session, session.begin():
            artifact = await artifacts.keep(
                session, team_id=team_id, sha256=judge.hash.hexdigest(), size=judge.size, storage_key=key, filename=name
            )
            upload = await artifacts.add_upload(
                session, team_id=team_id, project_id=project_id, artifact_id=artifact.id, filename=name
            )
        kept = artifact.storage_key == key
    finally:
        if not kept:
            await platform.storage.delete(key)
    return upload, artifact


async def find(platform: Platform, *, team_id: UUID, upload_id: UUID) -> tuple[Upload, Artifact]:
    """An upload and the artifact it brought."""
    async with platform.sessions() as session:
        upload = await artifacts.find_upload(session, team_id, upload_id)
        artifact = await artifacts.find(session, team_id, upload.artifact_id) if upload else None
    if upload is None or artifact is None:
        raise NotFound("no such upload")
    return upload, artifact


def _name(filename: str) -> str:
    """The last part of what a browser or curl says, without what a terminal or a path would trip over."""
    last = PurePosixPath(filename.replace("\\", "/")).name
    clean = "".join(char for char in last if char.isprintable()).strip()[:NAME_LENGTH]
    if not clean or clean in {".", ".."}:
        raise InvalidParams("the file needs a name", details={"filename": ["form"]})
    return clean
