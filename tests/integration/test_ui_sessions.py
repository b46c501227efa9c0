"""Sessions, forms and their tokens, as a browser and as somebody else's page would use them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from surveyor.service import auth
from surveyor.service.actions import teams
from surveyor.service.config import Config
from surveyor.service.store import signin
from tests.servers.service import Answer, Client, Service, running

FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = {"sec-fetch-site": "same-origin"}


class Browser:
    """Keeps cookies, speaks forms, says where a request came from."""

    def __init__(self, service: Service) -> None:
        self.client = Client(service.port, {"accept": "text/html"})
        self.cookies: dict[str, str] = {}
        self.last: Answer | None = None

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def submit(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = OWN) -> Answer:
        return self._ask("POST", path, urlencode(fields).encode(), {**FORM, **headers})

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/").text)
        assert found is not None
        return found.group(1)

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        cookie = {"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
        answer = self.client(method, path, body=body, headers={**headers, **cookie})
        for header in answer.cookies:
            for name, morsel in SimpleCookie(header).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer


async def signed_in(service: Service) -> Browser:
    browser = Browser(service)
    token = await teams.create_link(service.sessions, team="default")
    assert browser.submit("/sign-in", {"token": token}).status == 303
    return browser


async def test_a_stranger_is_sent_to_sign_in(service: Service) -> None:
    scan = f"/scans/{service.first.team_id}"
    for path, back in (("/", ""), ("/findings?severity=high", "/findings?severity=high"), (scan, scan)):
        answer = Browser(service).get(path)
        wanted = f"/sign-in?{urlencode({'next': back})}" if back else "/sign-in"
        assert (answer.status, answer.headers["location"]) == (303, wanted)


async def test_after_signing_in_one_is_where_one_was_going(service: Service) -> None:
    going = "/findings?severity=high&q=a%20b"
    for given in ({"key": service.key}, {"token": service.first.link_token}):
        browser = Browser(service)
        address = browser.get(going).headers["location"]
        if "token" in given:
            address += f"&token={given['token']}"
        form = browser.get(address).text
        found = re.search(r'name="next" value="([^"]+)"', form)
        assert found is not None
        wanted = html.unescape(found.group(1))
        # a wrong key does not lose the way
        assert found.group(0) in browser.submit("/sign-in", {"key": "no", "next": wanted}).text
        answer = browser.submit("/sign-in", {**given, "next": wanted})
        assert (answer.status, answer.headers["location"]) == (303, going)
        assert browser.get(going).status == 200


@pytest.mark.parametrize("trick", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
async def test_signing_in_leads_nowhere_else(service: Service, trick: str) -> None:
    browser = Browser(service)
    assert "evil" not in browser.get(f"/sign-in?{urlencode({'next': trick})}").text
    answer = browser.submit("/sign-in", {"key": service.key, "next": trick})
    assert (answer.status, answer.headers["location"]) == (303, "/")


async def test_a_piece_of_a_page_is_no_place_to_come_back_to(service: Service) -> None:
    for headers in ({"hx-request": "true"}, {"sec-fetch-mode": "cors"}):
        answer = Browser(service).get("/findings", **headers)
        assert answer.headers["location"] == "/sign-in"


async def test_looking_at_a_link_does_not_spend_it(service: Service) -> None:
    browser, token = Browser(service), service.first.link_token
    page = browser.get(f"/sign-in?token={token}")
    assert page.status == 200
    assert token in page.text
    assert page.headers["cache-control"] == "no-store"
    assert not browser.cookies
    assert browser.submit("/sign-in", {"token": token}).status == 303
    assert browser.get("/").status == 200


async def test_a_link_works_once(service: Service) -> None:
    token = service.first.link_token
    assert Browser(service).submit("/sign-in", {"token": token}).status == 303
    second = Browser(service)
    answer = second.submit("/sign-in", {"token": token})
    assert answer.status == 401
    assert "used already" in answer.text
    assert not second.cookies


async def test_an_old_link_is_dead(service: Service) -> None:
    async with service.sessions() as session, session.begin():
        past = datetime.now(UTC) - timedelta(seconds=1)
        await signin.add_link(session, sha256=auth.digest("x" * 43), team_id=service.first.team_id, expires_at=past)
    assert Browser(service).submit("/sign-in", {"token": "x" * 43}).status == 401


@pytest.mark.parametrize("token", ["", "short", "x" * 43, "' or 1=1 --", "\0" * 43, "é" * 43])
async def test_a_guessed_link_is_dead(service: Service, token: str) -> None:
    browser = Browser(service)
    assert browser.submit("/sign-in", {"token": token, "key": token}).status == 401
    assert not browser.cookies


async def test_a_key_signs_in_when_it_may_write(service: Service) -> None:
    browser = Browser(service)
    assert browser.submit("/sign-in", {"key": service.key}).status == 303
    assert browser.get("/").status == 200
    reading = await teams.create_key(service.sessions, team="default", name="ro", scopes=(auth.READ,))
    answer = Browser(service).submit("/sign-in", {"key": reading.secret})
    assert answer.status == 403
    assert auth.WRITE in answer.text


async def test_the_cookie_is_out_of_reach(service: Service) -> None:
    browser = Browser(service)
    answer = browser.submit("/sign-in", {"key": service.key})
    (cookie,) = answer.cookies
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert service.key not in cookie


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(config: Config) -> None:
    https = config.model_copy(update={"public_url": "https://surveyor.example"})
    async with running(https) as service:
        (cookie,) = Browser(service).submit("/sign-in", {"key": service.key}).cookies
        assert cookie.startswith("__Host-surveyor=")
        assert "Secure" in cookie
        assert "max-age" in service.stranger().get("/healthz").headers["strict-transport-security"]


async def test_only_a_sessions_digest_is_kept(service: Service) -> None:
    browser = await signed_in(service)
    token = browser.cookies["surveyor"]
    async with service.sessions() as session:
        kept = (await session.execute(signin.web_sessions.select())).all()
    assert [row.sha256 for row in kept] == [auth.digest(token)]


async def test_a_planted_session_is_not_carried_over_a_sign_in(service: Service) -> None:
    attacker = await signed_in(service)
    planted = attacker.cookies["surveyor"]
    victim = Browser(service)
    victim.cookies["surveyor"] = planted
    victim.submit("/sign-in", {"key": service.key})
    assert victim.cookies["surveyor"] != planted
    assert victim.get("/").status == 200
    assert attacker.get("/").status == 303


async def test_signing_out_ends_the_session_everywhere(service: Service) -> None:
    browser = await signed_in(service)
    stolen = dict(browser.cookies)
    answer = browser.submit("/sign-out", {"csrf": browser.csrf()})
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")
    assert not browser.cookies
    browser.cookies = stolen
    assert browser.get("/").status == 303


async def test_an_expired_session_is_nobody(service: Service) -> None:
    browser = await signed_in(service)
    async with service.sessions() as session, session.begin():
        await session.execute(signin.web_sessions.update().values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert browser.get("/").status == 303


FORMS = ("/scans", "/advisories/update", "/sign-out", "/scans/00000000-0000-0000-0000-000000000000/cancel")


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_needs_its_own_sessions_token(service: Service, path: str) -> None:
    browser, other = await signed_in(service), await signed_in(service)
    for fields in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": other.csrf()}):
        assert browser.submit(path, fields).status == 403
    assert browser.get("/").status == 200


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"},
    ],
)
async def test_another_sites_form_is_refused_even_with_the_token(
    service: Service, path: str, headers: dict[str, str]
) -> None:
    browser = await signed_in(service)
    assert browser.submit(path, {"csrf": browser.csrf()}, headers=headers).status == 403
    assert browser.get("/").status == 200


async def test_signing_somebody_in_from_another_site_is_refused(service: Service) -> None:
    victim = Browser(service)
    answer = victim.submit("/sign-in", {"key": service.key}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status == 403
    assert not victim.cookies


async def test_an_older_browser_is_judged_by_its_origin(service: Service) -> None:
    browser = await signed_in(service)
    headers = {"origin": f"http://127.0.0.1:{service.port}"}
    assert browser.submit("/advisories/update", {"csrf": browser.csrf()}, headers=headers).status == 303


async def test_a_file_sent_by_script_needs_the_token_in_a_header(service: Service) -> None:
    browser = await signed_in(service)
    cookie = {"cookie": f"surveyor={browser.cookies['surveyor']}"}
    sent = Client(service.port, {"accept": "application/json", **cookie})
    for headers in ({}, {"x-csrf-token": "x" * 43}, {"x-csrf-token": browser.csrf(), "sec-fetch-site": "cross-site"}):
        answer = sent.post("/uploads?filename=a.jar", body=b"x", headers=headers)
        assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden")
    answer = sent.post("/uploads?filename=a.jar", body=b"x", headers={"x-csrf-token": browser.csrf(), **OWN})
    assert answer.status == 202
    assert browser.get(answer.json["data"]["href"]).status == 200


async def test_the_api_takes_no_cookie(service: Service) -> None:
    browser = await signed_in(service)
    assert browser.get("/api/v1/audit/scans").status == 401


async def test_a_long_form_is_refused(service: Service) -> None:
    assert Browser(service).submit("/sign-in", {"key": "x" * 20_000}).status == 413
