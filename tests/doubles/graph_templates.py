"""The templates of the double's WhatsApp Business Account: it lists them by page, and refuses messages that do not fit.

After https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management and the
codes of Meta's error page (both read 2026-11-29).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from gateways.templates.template import Template
from tests.doubles.graph_webhooks import WABA

Refusal = tuple[int, str]
"""A code of Meta's, and its words."""

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_FORBIDDEN = re.compile(r"[\n\t]| {4}")


class TemplatesDouble:
    """`may`: whether a request has a token. While `all` is empty, messages with any template are taken."""

    def __init__(self, may: Callable[[web.Request], bool]) -> None:
        self.all: list[dict[str, Any]] = []
        self.page = 2
        """Templates of one answer."""
        self.fault: tuple[int, int] | None = None
        """HTTP status and code with which the list is refused."""
        self.asked = 0
        self.is_known = True
        """Whether the number's health names its account."""
        self._may = may

    def set(self, *templates: Template) -> None:
        """These are all."""
        self.all = [as_meta(one) for one in templates]

    def routes(self, version: str) -> list[web.RouteDef]:
        return [web.get(f"/{version}/{{waba:[0-9]+}}/message_templates", self._list)]

    def health(self, number: str) -> dict[str, Any]:
        """The `health_status` of a number."""
        entities = [{"entity_type": "PHONE_NUMBER", "id": number, "can_send_message": "AVAILABLE"}]
        if self.is_known:
            entities.append({"entity_type": "WABA", "id": WABA, "can_send_message": "AVAILABLE"})
        return {"can_send_message": "AVAILABLE", "entities": entities}

    async def _list(self, request: web.Request) -> web.Response:
        self.asked += 1
        if not self._may(request):
            return _refused(401, 190)
        if self.fault is not None:
            return _refused(*self.fault)
        if request.match_info["waba"] != WABA:
            return _refused(400, 100)
        start = int(request.query.get("after", "0"))
        end = start + self.page
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.all):
            # Nobody is to follow this address: it is not where the token belongs.
            paging["next"] = f"http://127.0.0.1:9/elsewhere?after={end}"
        return web.json_response({"data": self.all[start:end], "paging": paging})

    def refusal(self, sent: Any) -> Refusal | None:
        """Meta's refusal of a message's template; None: it goes out."""
        if not self.all:
            return None
        name, language = sent.name, sent.language.code
        found = [one for one in self.all if (one["name"], one["language"]) == (name, language)]
        if not found:
            return 132001, f"template name ({name}) does not exist in {language}"
        if found[0]["status"] != "APPROVED":
            code = {"PAUSED": 132015, "DISABLED": 132016}.get(found[0]["status"], 132001)
            return code, f"the template is {found[0]['status']}"
        return next(_misfits(found[0], sent.components or []), None)


def as_meta(one: Template) -> dict[str, Any]:
    """The template as the list has it."""
    components: list[dict[str, Any]] = []
    if one.header is not None:
        text = {"text": one.header_text} if one.header == "text" else {}
        components.append({"type": "HEADER", "format": one.header.upper(), **text})
    components.append({"type": "BODY", "text": one.body, "example": {"body_text": [["x"]]}})
    if one.footer:
        components.append({"type": "FOOTER", "text": one.footer})
    if one.buttons:
        buttons = [
            {"type": button.kind.upper(), "text": button.text} | ({"url": button.url} if button.url else {})
            for button in one.buttons
        ]
        components.append({"type": "BUTTONS", "buttons": buttons})
    components.extend({"type": kind.upper(), "cards": []} for kind in one.beyond)
    return {
        "id": "1",
        "name": one.name,
        "language": one.language,
        "status": one.status,
        "category": one.category or "UTILITY",
        "parameter_format": "NAMED" if one.named else "POSITIONAL",
        "components": components,
        "quality_score": {"score": one.quality or "UNKNOWN", "date": 1700000000},
        "rejected_reason": one.reason or "NONE",
    }


def _misfits(known: dict[str, Any], sent: list[dict[str, Any]]) -> Iterator[Refusal]:
    parts = {one["type"]: one for one in known["components"]}
    named = known["parameter_format"] == "NAMED"
    by_type: dict[str, list[Any]] = {}
    for one in sent:
        by_type.setdefault(one["type"], []).append(one)
    if unknown := set(by_type) - {"header", "body", "button"}:
        yield 100, f"components of the types {unknown}"
    yield from _header(parts.get("HEADER", {}), by_type.get("header", []), named=named)
    body = by_type.get("body", [{"parameters": []}])[0]["parameters"]
    yield from _texts(parts["BODY"]["text"], body, named=named)
    yield from _buttons(parts.get("BUTTONS", {}).get("buttons", []), by_type.get("button", []))


def _header(known: dict[str, Any], sent: list[Any], *, named: bool) -> Iterator[Refusal]:
    given = sent[0]["parameters"] if sent else []
    kind = known.get("format", "TEXT").lower()
    if kind == "text":
        yield from _texts(known.get("text", ""), given, named=named)
    elif len(given) != 1:
        yield 132012, f"header: expected {kind}, got {len(given)} parameters"
    elif given[0]["type"] != kind:
        yield 132012, f"header: format mismatch, expected {kind.upper()}, received {given[0]['type'].upper()}"
    elif kind == "location" and set(given[0]["location"]) != {"latitude", "longitude", "name", "address"}:
        yield 131008, "header: the location has not all of its fields"
    elif kind != "location" and ("id" in given[0][kind]) == ("link" in given[0][kind]):
        yield 131009, "header: exactly one of id and link"


def _texts(text: str, sent: list[Any], *, named: bool) -> Iterator[Refusal]:
    wanted = list(dict.fromkeys(_VARIABLE.findall(text)))
    if len(wanted) != len(sent):
        yield 132000, f"number of parameters ({len(sent)}) does not match the expected number ({len(wanted)})"
    if named and sorted(one.get("parameter_name", "") for one in sent) != sorted(wanted):
        yield 100, "Parameter name is missing or empty"
    for one in sent:
        if one["type"] != "text":
            yield 132012, "format mismatch"
        elif _FORBIDDEN.search(one["text"]) or not one["text"].strip():
            yield 132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"


def _buttons(known: list[dict[str, Any]], sent: list[Any]) -> Iterator[Refusal]:
    given = {int(one["index"]): one for one in sent}
    if excess := set(given) - set(range(len(known))):
        yield 132018, f"buttons {excess} are not there"
    for index, button in enumerate(known):
        kind, one = button["type"].lower(), given.get(index)
        needs = kind in ("copy_code", "flow", "otp") or (kind == "url" and _VARIABLE.search(button["url"]))
        if one is None:
            if needs:
                yield 131008, f"buttons: Button at index {index} of type {kind} requires a parameter"
            continue
        type_ = {"url": "text", "otp": "text", "quick_reply": "payload", "copy_code": "coupon_code", "flow": "action"}
        if one["sub_type"] != {"otp": "url"}.get(kind, kind) or (kind == "url" and not needs):
            yield 132018, f"buttons: Button at index {index} is no {one['sub_type']}"
        elif [parameter["type"] for parameter in one["parameters"]] != [type_[kind]]:
            yield 132018, f"buttons: Button at index {index} takes {type_[kind]}"


def _refused(status: int, code: int) -> web.Response:
    error = {"message": f"(#{code}) refused", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return web.json_response({"error": error}, status=status)
