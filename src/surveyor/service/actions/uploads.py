"""Take in a file, whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import PurePosixPath
from uuid import UUID

from surveyor.service.actions.platform import Platform
from surveyor.service.errors import InvalidParams, NotFound
from surveyor.service.store import artifacts
from surveyor.service.store.artifacts import Artifact, Upload

NAME_LENGTH = 255


async def receive(
    platform: Platform, *, team_id: UUID, project_id: UUID, filename: str, chunks: AsyncIterable[bytes]
) -> tuple[Upload, Artifact]:
    """Store a stream as an artifact; the same bytes are kept once per team. What fails leaves nothing behind."""
    name = _name(filename)
    stored = await platform.storage.write_upload(chunks)
    kept = False
    try:
        if not stored.size:
            raise InvalidParams("the file is empty", details={"file": ["empty"]})
        async with platform.sessions() as session, session.begin():
            artifact = await artifacts.keep(
                session, team_id=team_id, sha256=stored.sha256, size=stored.size, storage_key=stored.key, filename=name
            )
            upload = await artifacts.add_upload(
                session, team_id=team_id, project_id=project_id, artifact_id=artifact.id, filename=name
            )
        kept = artifact.storage_key == stored.key
    finally:
        if not kept:
            await platform.storage.delete(stored.key)
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
