"""The page's HTTP surface, tried by Schemathesis with what no page of ours would send."""

from __future__ import annotations

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.console.conftest import Page

_TEXT = {"type": "string", "maxLength": 200}
_CHAT = {"name": "chat", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 64}}


def _answers(*codes: int) -> dict[str, Any]:
    return {str(code): {"description": "as it should be"} for code in codes}


SURFACE: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "the page", "version": "1"},
    "paths": {
        "/healthz": {"get": {"responses": _answers(200)}},
        "/readyz": {"get": {"responses": _answers(200, 503)}},
        "/metrics": {"get": {"responses": _answers(200)}},
        "/api/overview": {"get": {"responses": _answers(200)}},
        "/api/chats/{chat}/history": {
            "get": {
                "parameters": [
                    _CHAT,
                    {"name": "before", "in": "query", "schema": {"type": "integer"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": _answers(200, 400, 404, 422),
            }
        },
        "/api/chats/{chat}/seen": {
            "post": {"parameters": [_CHAT], "responses": _answers(200, 202, 204, 400, 403, 404)}
        },
        "/api/messages": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"chat": _TEXT, "text": _TEXT, "id": _TEXT}}
                        }
                    }
                },
                "responses": _answers(200, 201, 202, 400, 403, 404, 409, 413, 415, 422),
            }
        },
    },
}


def _try(address: str) -> int:
    """Send what Schemathesis makes up; how many requests that were."""
    surface = schemathesis.openapi.from_dict(SURFACE)
    sent = 0
    for result in surface.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=40,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        def one(case: Any) -> None:
            nonlocal sent
            sent += 1
            case.call_and_validate(
                base_url=address,
                checks=[not_a_server_error, status_code_conformance, response_schema_conformance],
                headers={"host": address.removeprefix("http://")},
            )

        one()
    return sent


async def test_nothing_that_is_sent_breaks_the_page(page: Page) -> None:
    """No answer is a server error, and each is one of those that the address gives."""
    assert await asyncio.to_thread(_try, page.address.rstrip("/")) >= 40
