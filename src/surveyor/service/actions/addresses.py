"""Judges an address or a choice of images that somebody wants scanned, before anything is queued."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from surveyor.scan import net
from surveyor.scan.errors import BadTarget, Refused
from surveyor.scan.formats import reference
from surveyor.scan.settings import EXEMPTED_RULES, Settings
from surveyor.service.errors import InvalidParams

URL_LENGTH = 2048
CHOICE_LENGTH = 500
LOOKUP_SECONDS = 0.05
#: What to say to who is refused; and where a project may have hosts of its own.
_WAY = "; whoever runs this service can allow it by SURVEYOR_ALLOW_HOSTS"
_OWN_WAY = f"{_WAY}, or for one project by surveyor admin host allow"

#: As the annotation of an OCI layout may be and a reference is: an archive's image may be called ``1``.
_CALLED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]*")

# a look-up may hang in the system's resolver, so kick-offs have threads of their own and never wait for other work's
_lookups = ThreadPoolExecutor(64, thread_name_prefix="lookup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image in a registry that may be asked for: its full name, and the platform that was asked for, if any."""

    name: str
    platform: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.platform})" if self.platform else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of a file's images are looked at: those of a name or digest and of a platform, all where there is none."""

    image: str | None = None
    platform: str | None = None

    def of(self, filename: str) -> str:
        """What people call these images of a file; those that others chose of it are another thing."""
        chosen = ", ".join(filter(None, (self.image, self.platform)))
        return f"{filename} ({chosen})" if chosen else filename


def judge_choice(image: str | None, platform: str | None) -> Choice:
    """Refuse what can be no image's name and no platform; whether the file has one is known when it is read."""
    if image is not None and not (len(image) <= CHOICE_LENGTH and _CALLED.fullmatch(image)):
        words = f"an image is called by a name or digest without spaces, of at most {CHOICE_LENGTH} characters"
        raise InvalidParams(words, details={"image": ["form"]})
    try:
        wanted = None if platform is None else str(reference.Platform.parse(platform))
    except BadTarget as error:
        raise InvalidParams(str(error), details={"platform": ["form"]}) from error
    return Choice(image=image, platform=wanted)


async def judge_image(name: str, platform: str | None, settings: Settings) -> Image:
    """Refuse an image by its form or by its registry's address, as ``judge`` does a URL; ``field`` is ``image``."""
    try:
        named = reference.parse(name)
        wanted = None if platform is None else str(reference.Platform.parse(platform))
    except BadTarget as error:
        raise InvalidParams(str(error), details={"image": ["form"]}) from error
    await judge(f"https://{named.endpoint}/v2/", settings, field="image")
    return Image(name=str(named), platform=wanted)


async def judge(url: str, settings: Settings, *, field: str = "url", projects: bool = True) -> None:
    """Refuse a URL that must not be asked: InvalidParams names the rule. One look-up of its name, 50 ms at most.

    ``field`` is what the caller typed it in; ``projects`` says whether a project's own hosts are asked for this.
    """
    if len(url) > URL_LENGTH:
        raise InvalidParams(f"a URL of at most {URL_LENGTH} characters", details={field: ["too_long"]})
    try:
        if net.judge_url(url, settings):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(_lookups, net.resolve_and_judge, url, settings, LOOKUP_SECONDS)
    except Refused as error:
        way = "" if error.rule not in EXEMPTED_RULES else _OWN_WAY if projects else _WAY
        raise InvalidParams(f"{error}{way}", details={field: [error.rule]}) from error
