"""Sign in and out. A link is spent by a button, never by being looked at: mail scanners follow links too."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.service.errors import Forbidden, Unauthorized
from surveyor.service.ui import way_back
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import auth_of, forget, form, remember, session_token, submitted

_TOKEN_LENGTH = 64


async def show(request: Request) -> Response:
    """``GET /sign-in``: the form for a key, with ``?token=`` the button that spends a link; ``?next=`` goes along."""
    token = request.query_params.get("token", "")[:_TOKEN_LENGTH]
    return page("sign_in.html", token=token, wrong="", next=way_back.judge(request.query_params.get("next", "")))


async def sign_in(request: Request) -> Response:
    """``POST /sign-in``: open a session of its own, whatever the browser had before."""
    fields = await form(request)
    # judged again: a form can say anything
    wanted = way_back.judge(fields.get("next", ""))
    old = session_token(request)
    try:
        if token := fields.get("token"):
            signed = await auth_of(request).sign_in_by_link(token, replaces=old)
        else:
            signed = await auth_of(request).sign_in_by_key(fields.get("key", "").strip(), replaces=old)
    except (Unauthorized, Forbidden) as error:
        return page("sign_in.html", status=error.status, token="", wrong=error.message, next=wanted)
    response = RedirectResponse(wanted or "/", 303)
    remember(request, response, signed)
    return response


async def sign_out(request: Request) -> Response:
    """``POST /sign-out``: end the session here and in the database."""
    await submitted(request)
    token = session_token(request)
    assert token is not None
    await auth_of(request).sign_out(token)
    response = RedirectResponse(way_back.SIGN_IN, 303)
    forget(request, response)
    return response
