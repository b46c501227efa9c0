"""Take in a file as a raw body and scan it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from surveyor.service.actions import addresses, scans, uploads
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Writer, platform_of, strict
from surveyor.service.errors import UnsupportedMediaType

router = APIRouter(tags=["scans"])
_BODY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


@router.post(
    "/uploads",
    status_code=202,
    summary="Upload a file and scan it",
    dependencies=[Depends(strict)],
    openapi_extra={"requestBody": _BODY},
    responses={
        status: {"model": schemas.FailureEnvelope, "description": words}
        for status, words in ((413, "Over the limit that the message names"), (507, "The store has no room"))
    },
)
async def upload(
    request: Request,
    caller: Writer,
    filename: Annotated[str, Query(min_length=1, max_length=1000, examples=["shop-api-2.4.tar"])],
    image: schemas.ChosenImage = None,
    platform: schemas.ChosenPlatform = None,
    trigger: schemas.Trigger = "manual",
    analysis: schemas.AnalysisWanted = "full",
) -> schemas.Envelope[schemas.Scan]:
    """Send the file's bytes as the body: `curl --data-binary @file` or `-T file`. It is stored as it arrives.

    The key is judged before a byte of the body is read. What fails leaves nothing behind. Of a file that holds several
    images, `image` and `platform` choose; the others are told in `coverage`.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise UnsupportedMediaType(
            "Send the file's bytes as the body, not a form: curl --data-binary @file, or -T file"
        )
    choice = addresses.judge_choice(image, platform)
    service = platform_of(request)
    taken, _ = await uploads.receive(
        service,
        team_id=caller.team_id,
        project_id=caller.project_id,
        filename=filename,
        chunks=request.stream(),
    )
    run = await scans.start_artifact(
        service,
        team_id=caller.team_id,
        project_id=caller.project_id,
        upload_id=taken.id,
        choice=choice,
        trigger=trigger,
        analysis=analysis,
    )
    return answers.one(request, answers.scan(run))
