"""The report as one page that stands alone: no script, no request, escaped text; for screens, light or dark, and paper.

Its own policy forbids everything but its one style sheet, wherever the file is opened from.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from surveyor.scan.report.html import policy, style
from surveyor.service.documents import excerpt
from surveyor.service.documents.model import ProjectReport

__all__ = ["policy", "write"]

HERE = Path(__file__).parent


def write(report: ProjectReport) -> bytes:
    """UTF-8 HTML."""
    template = _environment().get_template("report.html")
    sheet = Markup(style())  # noqa: S704 - our own file, between style tags
    return template.render(sheet=excerpt.of(report), style=sheet, policy=policy()).encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters["number"] = "{:,}".format
    env.filters["share"] = _share
    env.filters["part"] = "{:.2%}".format
    return env


def _share(count: int, whole: int) -> str:
    """A part in percent, never so small that it cannot be seen."""
    return f"{max(count / max(whole, 1) * 100, 0.8 if count else 0):.2f}"
