"""The answers of recado over HTTP, as OpenAPI: the page's API, and the webhook of the Cloud API's gateway.

The stream of events is left out: a response that never ends is nothing that Schemathesis can judge.
"""

from __future__ import annotations

from typing import Any

_JID = r"^[1-9][0-9]{6,14}@s\.whatsapp\.net$"
_SEQUENCE = {"type": "string", "pattern": "^[0-9]{1,18}$"}

_PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string", "minLength": 1}},
    "required": ["error"],
    "additionalProperties": False,
}
_STORED = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "seq": {"type": "integer", "minimum": 1},
        "duplicate": {"type": "boolean"},
    },
    "required": ["id", "seq", "duplicate"],
}
_OVERVIEW = {
    "type": "object",
    "properties": {
        "account": {"type": "string"},
        "can_write": {"type": "boolean"},
        "all": {"type": "integer", "minimum": 0},
        "chats": {"type": "array", "items": {"type": "object", "required": ["chat", "name", "phone"]}},
    },
    "required": ["account", "model", "can_write", "chats", "all"],
}
_HISTORY = {
    "type": "object",
    "properties": {
        "entries": {"type": "array", "items": {"type": "object"}},
        "more": {"type": "boolean"},
        "after": {"type": "integer", "minimum": 0},
    },
    "required": ["entries", "more", "after"],
}
_MESSAGE = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        "chat": {"type": "string", "pattern": _JID},
        "text": {"type": "string", "pattern": r"^[ -~]*[!-~][ -~]*$"},
    },
    "required": ["id", "chat", "text"],
}
_SEEN = {
    "type": "object",
    "properties": {
        "replies": {"type": "array", "maxItems": 500, "items": {"type": "string", "minLength": 1, "maxLength": 256}}
    },
    "required": ["replies"],
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(*problems: int, **by_status: dict[str, Any]) -> dict[str, Any]:
    """The responses of an operation: `s200` and so on, and those that say what is wrong."""
    good = {status.removeprefix("s"): {"description": "done", **content} for status, content in by_status.items()}
    return good | {str(status): {"description": "why not", **_json(_PROBLEM)} for status in problems}


_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}
_CHAT = {"name": "chat", "in": "path", "required": True, "schema": {"type": "string", "pattern": _JID}}
_BEFORE = {"name": "before", "in": "query", "schema": _SEQUENCE}

PAGE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "the page", "version": "1"},
    "paths": {
        "/healthz": {"get": {"responses": _answers(s200=_TEXT)}},
        "/readyz": {"get": {"responses": _answers(s200=_json({"type": "object", "required": ["ready", "reasons"]}))}},
        "/metrics": {"get": {"responses": _answers(s200=_TEXT)}},
        "/api/overview": {"get": {"responses": _answers(s200=_json(_OVERVIEW))}},
        "/api/messages": {
            "post": {
                "requestBody": {"required": True, **_json(_MESSAGE)},
                "responses": _answers(400, 413, 415, s201=_json(_STORED)),
            }
        },
        "/api/chats/{chat}/history": {
            "get": {"parameters": [_CHAT, _BEFORE], "responses": _answers(400, 404, s200=_json(_HISTORY))}
        },
        "/api/chats/{chat}/seen": {
            "post": {
                "parameters": [_CHAT],
                "requestBody": {"required": True, **_json(_SEEN)},
                "responses": _answers(400, 404, 413, 415, s204={}),
            }
        },
    },
}


def _asked(name: str) -> dict[str, Any]:
    return {"name": f"hub.{name}", "in": "query", "schema": {"type": "string"}}


WEBHOOK: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "the webhook", "version": "1"},
    "paths": {
        "/webhook": {
            "get": {
                "parameters": [_asked("mode"), _asked("verify_token"), _asked("challenge")],
                "responses": {str(status): {"description": "said", **_TEXT} for status in (200, 403)},
            },
            "post": {
                "requestBody": {
                    "required": True,
                    **_json(
                        {
                            "type": "object",
                            "properties": {
                                "object": {"enum": ["whatsapp_business_account", "page"]},
                                "entry": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "properties": {
                                            "id": {"type": "string"},
                                            "changes": {
                                                "type": "array",
                                                "items": {
                                                    "type": "object",
                                                    "properties": {"field": {"const": "messages"}, "value": {}},
                                                    "required": ["field", "value"],
                                                },
                                            },
                                        },
                                        "required": ["id", "changes"],
                                    },
                                },
                            },
                            "required": ["object", "entry"],
                        }
                    ),
                },
                "responses": {str(status): {"description": "said", **_TEXT} for status in (200, 403)},
            },
        }
    },
}
