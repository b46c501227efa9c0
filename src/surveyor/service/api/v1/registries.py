"""The project's logins for container registries; a password goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import registries
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, Writer, platform_of
from surveyor.service.store.registry_logins import RegistryLogin

router = APIRouter(tags=["registries"])

Username = Annotated[str, Field(min_length=1, max_length=registries.NAME_LENGTH, examples=["robot"])]
Password = Annotated[
    str,
    Field(
        min_length=1,
        max_length=registries.PASSWORD_LENGTH,
        description="A password or an access token that may pull; sealed in the database, never shown again",
    ),
]


class NewRegistry(BaseModel):
    """A registry and who we are to it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    host: str = Field(
        min_length=1,
        max_length=registries.HOST_LENGTH,
        examples=["registry.example:5000"],
        description="As in the names of its images; docker.io for Docker Hub",
    )
    username: Username
    password: Password


class RegistryChange(BaseModel):
    """A new password, with a new name if that is another one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Username | None = None
    password: Password


class Registry(schemas.Out):
    """A login without its password."""

    id: UUID
    org_id: UUID
    project_id: UUID
    host: str
    username: str
    inserted_at: datetime
    updated_at: datetime


class Registries(schemas.Out):
    """All of a project's, by host."""

    registries: list[Registry]


@router.get("/registries", summary="List registries")
async def list_registries(request: Request, caller: Reader) -> schemas.Envelope[Registries]:
    """The registries that the project has a login for. Passwords are never shown."""
    return await _listed(request, caller)


@router.post("/registries", status_code=201, summary="Keep a registry's login", responses=answers.CONFLICT)
async def create_registry(request: Request, caller: Writer, body: NewRegistry) -> schemas.Envelope[Registry]:
    """Used for every scan of an image of this registry. One a registry; its host has to be one that may be asked."""
    made = await registries.create(
        platform_of(request), **_whose(caller), host=body.host, username=body.username, password=body.password
    )
    return answers.one(request, _registry(made))


@router.patch("/registries/{registry_id}", summary="Exchange a registry's password")
async def change_registry(
    request: Request, caller: Writer, registry_id: UUID, body: RegistryChange
) -> schemas.Envelope[Registry]:
    """A login stays with its registry: for another host forget it and make a new one."""
    changed = await registries.change(
        platform_of(request), **_whose(caller), login_id=registry_id, username=body.username, password=body.password
    )
    return answers.one(request, _registry(changed))


@router.delete("/registries/{registry_id}", summary="Forget a registry's login")
async def delete_registry(request: Request, caller: Writer, registry_id: UUID) -> schemas.Envelope[Registries]:
    """Forget it and its password; the answer is what is left. Images of the registry are asked for without a login."""
    await registries.remove(platform_of(request).sessions, **_whose(caller), login_id=registry_id)
    return await _listed(request, caller)


async def _listed(request: Request, caller: Caller) -> schemas.Envelope[Registries]:
    held = await registries.listed(platform_of(request).sessions, **_whose(caller))
    return answers.one(request, Registries(registries=[_registry(login) for login in held]))


def _registry(held: RegistryLogin) -> Registry:
    return Registry(
        id=held.id,
        org_id=held.team_id,
        project_id=held.project_id,
        host=held.host,
        username=held.username,
        inserted_at=held.inserted_at,
        updated_at=held.updated_at,
    )


def _whose(caller: Caller) -> dict[str, UUID]:
    return {"team_id": caller.team_id, "project_id": caller.project_id}
