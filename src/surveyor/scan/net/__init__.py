"""The only opener of sockets in the scanner: every address is judged before a packet is sent to it."""

from __future__ import annotations

from surveyor.scan.net.client import Client
from surveyor.scan.net.guard import Judgement, judge_address, judge_url, resolve_and_judge
from surveyor.scan.net.response import Handshake, Hop, Response, TlsInfo

__all__ = [
    "Client",
    "Handshake",
    "Hop",
    "Judgement",
    "Response",
    "TlsInfo",
    "judge_address",
    "judge_url",
    "resolve_and_judge",
]
