"""The wires, one file each."""

from __future__ import annotations

from surveyor.llm.interface import Kind, Wire
from surveyor.llm.providers import anthropic, compatible, openai

WIRES: dict[Kind, Wire] = {wire.kind: wire for wire in (anthropic.WIRE, openai.WIRE, compatible.WIRE)}
