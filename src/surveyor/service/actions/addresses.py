"""Judges an address that somebody wants scanned, before anything is queued."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from surveyor.scan import net
from surveyor.scan.errors import Refused
from surveyor.scan.settings import EXEMPTED_RULES, Settings
from surveyor.service.errors import InvalidParams

URL_LENGTH = 2048
LOOKUP_SECONDS = 0.05

# a look-up may hang in the system's resolver, so kick-offs have threads of their own and never wait for other work's
_lookups = ThreadPoolExecutor(64, thread_name_prefix="lookup")


async def judge(url: str, settings: Settings, *, field: str = "url") -> None:
    """Refuse a URL that must not be asked: InvalidParams names the rule. One look-up of its name, 50 ms at most.

    ``field`` is what the caller typed it in.
    """
    if len(url) > URL_LENGTH:
        raise InvalidParams(f"a URL of at most {URL_LENGTH} characters", details={field: ["too_long"]})
    try:
        if net.judge_url(url, settings):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(_lookups, net.resolve_and_judge, url, settings, LOOKUP_SECONDS)
    except Refused as error:
        way = "; whoever runs this service can allow it by SURVEYOR_ALLOW_HOSTS" if error.rule in EXEMPTED_RULES else ""
        raise InvalidParams(f"{error}{way}", details={field: [error.rule]}) from error
