"""The request of each kind of message, without its address: `type` and the object of that name.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (read 2026-11-29)
"""

from __future__ import annotations

from typing import Any

from events.parts import FILES, Parameters, Part

_HEADER_FILES = frozenset({"image", "video", "document"})


def body_of(part: Part, media: str | None = None, *, header: str | None = None) -> dict[str, Any]:
    """The body of one degraded part.

    - `media`: the provider's id of its file; None: WhatsApp fetches its `url`.
    - `header`: the kind of file in a template's header; None: a text.
    """
    match part.kind:
        case "text":
            return {"type": "text", "text": {"body": part.text}}
        case "location":
            place = {"latitude": part.latitude, "longitude": part.longitude, "name": part.name, "address": part.address}
            return {"type": "location", "location": _given(place)}
        case "contact":
            return {"type": "contacts", "contacts": [_contact(part)]}
        case "choices":
            return {"type": "interactive", "interactive": _buttons(part) if part.button is None else _list(part)}
        case "link":
            to = {"display_text": part.title, "url": part.url}
            said = {"type": "cta_url", "body": {"text": part.text}, "action": {"name": "cta_url", "parameters": to}}
            return {"type": "interactive", "interactive": said}
        case "template":
            return {"type": "template", "template": _template(part, media, header)}
        case "reaction":
            return {"type": "reaction", "reaction": {"message_id": part.to, "emoji": part.emoji}}
        case kind if kind in FILES:
            return {"type": kind, kind: _file(part, media)}
        case kind:
            raise ValueError(f"no message has the kind {kind!r}")


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _file(part: Part, media: str | None) -> dict[str, Any]:
    where = {"id": media} if media is not None else {"link": part.url}
    named = part.filename if part.kind == "document" else None
    return where | _given({"caption": part.caption, "filename": named, "voice": part.voice or None})


def _contact(part: Part) -> dict[str, Any]:
    digits = ["".join(sign for sign in phone if sign.isdigit()) for phone in part.phones]
    phones = [
        {"phone": phone, "type": "CELL", "wa_id": wa_id} for phone, wa_id in zip(part.phones, digits, strict=True)
    ]
    return {"name": {"formatted_name": part.name, "first_name": part.name}, "phones": phones}


def _buttons(part: Part) -> dict[str, Any]:
    buttons = [{"type": "reply", "reply": {"id": option.id, "title": option.title}} for option in part.choices]
    return {"type": "button", "body": {"text": part.text}, "action": {"buttons": buttons}}


def _list(part: Part) -> dict[str, Any]:
    rows = [
        _given({"id": option.id, "title": option.title, "description": option.description}) for option in part.choices
    ]
    return {
        "type": "list",
        "body": {"text": part.text},
        "action": {"button": part.button, "sections": [{"rows": rows}]},
    }


def _template(part: Part, media: str | None, header: str | None) -> dict[str, Any]:
    template: dict[str, Any] = {"name": part.name, "language": {"code": part.language}}
    if part.parameters is not None and (components := _components(part.parameters, media, header)):
        template["components"] = components
    return template


def _components(values: Parameters, media: str | None, header: str | None) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = []
    if values.header:
        if header in _HEADER_FILES:
            file = {"id": media} if media is not None else {"link": values.header[0]}
            shown: dict[str, Any] = {"type": header, header: file}
        else:
            shown = {"type": "text", "text": values.header[0]}
        components.append({"type": "header", "parameters": [shown]})
    if isinstance(values.body, dict):
        named = [{"type": "text", "parameter_name": name, "text": text} for name, text in values.body.items()]
        components.append({"type": "body", "parameters": named})
    elif values.body:
        components.append({"type": "body", "parameters": [{"type": "text", "text": text} for text in values.body]})
    components.extend(
        {
            "type": "button",
            "sub_type": "url",
            "index": str(button.index),
            "parameters": [{"type": "text", "text": button.value}],
        }
        for button in values.buttons
    )
    return components
