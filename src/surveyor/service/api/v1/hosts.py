"""Private hosts that the project's scans may ask; only whoever runs the service may name them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import hosts
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Reader, Writer, platform_of
from surveyor.service.auth import PLATFORM

router = APIRouter(tags=["private hosts"])

Host = Annotated[str, Field(min_length=1, max_length=hosts.LENGTH, examples=["intranet.example:3000"])]


class SetPrivateHosts(BaseModel):
    """All of them; one that is left out is not allowed any more."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hosts: list[Host] = Field(
        max_length=hosts.MOST, description="`HOST` or `HOST:PORT`, `[IPV6]:PORT`; a host without a port on every port"
    )


class PrivateHosts(schemas.Out):
    """What the project's scans may ask beside public hosts and those of `SURVEYOR_ALLOW_HOSTS`."""

    hosts: list[str]


@router.get("/private-hosts", summary="List private hosts")
async def list_private_hosts(request: Request, caller: Reader) -> schemas.Envelope[PrivateHosts]:
    """The hosts that scans of this project may ask though they are private or on an unusual port."""
    held = await hosts.listed(platform_of(request).sessions, project_id=caller.project_id)
    return answers.one(request, PrivateHosts(hosts=held))


@router.put("/private-hosts", summary="Set private hosts")
async def set_private_hosts(request: Request, caller: Writer, body: SetPrivateHosts) -> schemas.Envelope[PrivateHosts]:
    """Needs a key with the scope `platform:write` too: who may scan a network from inside decides who runs it."""
    caller.identity.need(PLATFORM)
    kept = await hosts.put(platform_of(request).sessions, project_id=caller.project_id, hosts=body.hosts)
    return answers.one(request, PrivateHosts(hosts=kept))
