"""The API's own description says of the endpoints of verifications what a program has to know before it calls one."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from surveyor.service import config as service_config
from surveyor.service.api.v1 import router
from surveyor.service.app import create_app
from surveyor.service.errors import CODES

WHOLE = "/api/v1/orgs/{org_id}/projects/{project_id}/audit"
SHORT = "/api/v1/audit"
#: What is called, and what it says besides the failures that any path may answer.
ENDPOINTS = {
    ("post", "/verifications/run"): {"409"},
    ("get", "/verifications"): set(),
    ("get", "/verifications/{verification_id}"): set(),
    ("post", "/verifications/{verification_id}/reopen"): {"409"},
}
ANYWHERE = {"401", "403", "404", "422", "429", "500", "503"}


@functools.cache
def description() -> dict[str, Any]:
    """What ``/api/v1/openapi.json`` of a service says; nothing is connected for it."""
    settings = service_config.load({"SURVEYOR_HOME": "/nowhere", "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"})
    return create_app(settings).openapi()


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it refers to."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return description()["components"]["schemas"][name] if name else schema


def shape(answer: dict[str, Any]) -> dict[str, Any]:
    return resolved(answer["content"]["application/json"]["schema"])


def test_there_is_no_other_endpoint_of_verifications() -> None:
    found = {
        (method, path.removeprefix(prefix))
        for path, methods in description()["paths"].items()
        for prefix in (WHOLE, SHORT)
        if path.startswith(f"{prefix}/verifications")
        for method in methods
    }
    assert found == set(ENDPOINTS)
    assert router().prefix == "/api/v1"


@pytest.mark.parametrize("prefix", [WHOLE, SHORT])
@pytest.mark.parametrize(("method", "path"), list(ENDPOINTS))
def test_an_endpoint_of_verifications_is_described(prefix: str, method: str, path: str) -> None:
    told = description()["paths"][prefix + path][method]
    assert told["summary"]
    assert len(told["description"].split()) >= 2
    assert told["tags"] == ["verifications"]
    assert told["security"]
    answers = told["responses"]
    [success] = [status for status in answers if status.startswith("2")]
    assert success == ("202" if path.endswith("/run") else success)
    assert set(answers) >= ANYWHERE | ENDPOINTS[method, path]
    for status, answer in answers.items():
        assert answer["description"]
        if not status.startswith("2"):
            assert {"data", "meta", "error"} <= set(shape(answer)["properties"]), status
    # every code of a status is named where that status is answered anywhere
    for status in ANYWHERE:
        codes = [code for code, (at, _) in CODES.items() if str(at) == status]
        assert all(f"`{code}`" in answers[status]["description"] for code in codes), status
    data = shape(answers[success])["properties"]["data"]
    verification = resolved(data.get("items", data))
    assert {"id", "task_id", "finding_id", "result", "reason", "checks"} <= set(verification["properties"])
    check = resolved(verification["properties"]["checks"]["items"])
    assert {"key", "before", "after", "status"} <= set(check["properties"])


def test_a_kick_off_says_what_it_takes() -> None:
    told = description()["paths"][f"{SHORT}/verifications/run"]["post"]
    body = resolved(told["requestBody"]["content"]["application/json"]["schema"])
    assert told["requestBody"]["required"]
    assert "task_id" in body["required"]
    assert body["additionalProperties"] is False


def test_a_list_says_how_it_is_narrowed_and_paged() -> None:
    told = description()["paths"][f"{SHORT}/verifications"]["get"]
    assert {"task_id", "finding_id", "result", "limit", "cursor"} <= {given["name"] for given in told["parameters"]}
    meta = resolved(shape(told["responses"]["200"])["properties"]["meta"])
    assert {"total", "next_cursor"} <= set(meta["properties"])
