"""The request of each kind of message, without its address: `type` and the object of that name.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (read 2026-11-29)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.details import Detail
from events.parts import FILES, Parameters, Part
from gateways.templates.form import place_in
from gateways.templates.template import HEADER_FILES, Template, variables

NO_TOKEN = "unused"  # noqa: S105 - what Meta takes for a form without a token


class NotUploaded(ValueError):
    """The file of a template's header is in an object store, which WhatsApp cannot read."""


def body_of(
    part: Part, media: str | None = None, *, template: Template | None = None, previews: bool = False
) -> dict[str, Any]:
    """The body of one degraded part.

    - `media`: the provider's id of its file; None: WhatsApp fetches its `url`.
    - `template`: Meta's own form of the template that the part names; without it the header is taken for a text, and
      each button for one with an address.
    - `previews`: the phone shows a preview of the first link of a text.
    """
    match part.kind:
        case "text":
            return {"type": "text", "text": {"body": part.text} | ({"preview_url": True} if previews else {})}
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
            return {"type": "template", "template": _template(part, media, template)}
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


def _template(part: Part, media: str | None, known: Template | None) -> dict[str, Any]:
    template: dict[str, Any] = {"name": part.name, "language": {"code": part.language}}
    values = part.parameters or Parameters()
    components = [*_header(part, values, media, known), *_body(values), *_template_buttons(values, known)]
    return template | ({"components": components} if components else {})


def _header(part: Part, values: Parameters, media: str | None, known: Template | None) -> Iterator[dict[str, Any]]:
    if not values.header:
        return
    value, kind = values.header[0], known.header if known is not None else None
    if kind in HEADER_FILES:
        if media is None and not value.startswith("https://"):
            raise NotUploaded(Detail.HEADER_NOT_UPLOADED.said())
        file = {"id": media} if media is not None else {"link": value}
        named = _given({"filename": part.filename if kind == "document" else None})
        shown: dict[str, Any] = {"type": kind, kind: file | named}
    elif kind == "location" and (place := place_in(value)) is not None:
        shown = {"type": "location", "location": body_of(place)["location"]}
    else:
        shown = {"type": "text", "text": value}
        if known is not None and known.named and (names := variables(known.header_text)):
            shown["parameter_name"] = names[0]
    yield {"type": "header", "parameters": [shown]}


def _body(values: Parameters) -> Iterator[dict[str, Any]]:
    if isinstance(values.body, dict) and values.body:
        named = [{"type": "text", "parameter_name": name, "text": text} for name, text in values.body.items()]
        yield {"type": "body", "parameters": named}
    elif values.body:
        yield {"type": "body", "parameters": [{"type": "text", "text": text} for text in values.body]}


def _template_buttons(values: Parameters, known: Template | None) -> Iterator[dict[str, Any]]:
    given = {button.index: button.value for button in values.buttons}
    kinds = [button.kind for button in known.buttons] if known is not None else []
    for index in sorted({*given, *(index for index, kind in enumerate(kinds) if kind == "flow")}):
        kind = kinds[index] if index < len(kinds) else "url"
        value = given.get(index, NO_TOKEN)
        match kind:
            case "quick_reply":
                shown: dict[str, Any] = {"type": "payload", "payload": value}
            case "copy_code":
                shown = {"type": "coupon_code", "coupon_code": value}
            case "flow":
                shown = {"type": "action", "action": {"flow_token": value}}
            case _:  # a one-time password goes into an address too
                kind, shown = "url", {"type": "text", "text": value}
        yield {"type": "button", "sub_type": kind, "index": str(index), "parameters": [shown]}
