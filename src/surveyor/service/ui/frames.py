"""Server-sent frames for the pages: unnamed messages of HTML, which is what the browser side swaps."""

from __future__ import annotations

RETRY = "retry: 1000\n\n"
PING = ": still here\n\n"
DONE = "event: done\ndata:\n\n"


def partial(target: str, html: str) -> str:
    """A fragment that replaces the inside of the element with this id."""
    return f'<hx-partial hx-target="#{target}" hx-swap="innerHTML">{html}</hx-partial>'


def message(html: str, *, seq: int | None = None) -> str:
    """One message; ``seq`` is where a reader resumes. Every line needs its own ``data:``: a bare newline cuts it."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"id: {seq}\n{lines}\n" if seq is not None else f"{lines}\n"
