"""Keys that Meta requires and allows in the object of each type of message: any other is an error 100.

From https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and the request examples of
https://github.com/facebook/openapi, both read 2026-11-29. The limits are those of the pages of each type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OBJECTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(allowed.split()))
    for kind, required, allowed in (
        ("text", "body", "preview_url"),
        ("image", "", "id link caption"),
        ("video", "", "id link caption"),
        ("audio", "", "id link voice"),
        ("document", "", "id link caption filename"),
        ("sticker", "", "id link"),
        ("location", "latitude longitude", "name address"),
        ("reaction", "message_id emoji", ""),
        ("template", "name language", "components"),
        ("button", "type body action", "header footer"),
        ("list", "type body action", "header footer"),
        ("cta_url", "type body action", "header footer"),
        ("contact", "name phones", "addresses birthday emails org urls"),
    )
}
"""Required and allowed keys. `button`, `list` and `cta_url` are the types of `interactive`, `contact` is one of
`contacts`."""

FILES = ("image", "video", "audio", "document", "sticker")


def faults(kind: str, object_: Any) -> Iterator[str]:
    """The reasons for which Meta would not take the object of the type `kind`."""
    if kind == "contacts":
        for contact in object_:
            yield from _keys("contact", contact)
            if not contact.get("name", {}).get("formatted_name") or len(contact["name"]) < 2:
                yield "a contact's name needs formatted_name and one more of its parts"
        return
    if kind == "interactive":
        yield from _interactive(object_)
        return
    yield from _keys(kind, object_)
    if kind in FILES and ("id" in object_) == ("link" in object_):
        yield f"{kind}: exactly one of id and link"
    if kind in FILES and not str(object_.get("link", "https://")).startswith("https://"):
        yield f"{kind}: the link is no https"
    if _length(object_.get("caption", "x")) not in range(1, 1025):
        yield f"{kind}: the caption has not 1 to 1024 characters"


def _keys(kind: str, object_: Any) -> Iterator[str]:
    if not isinstance(object_, dict):
        yield f"{kind} is no object"
        return
    required, allowed = OBJECTS[kind]
    if missing := required - object_.keys():
        yield f"{kind}: missing {sorted(missing)}"
    if unknown := object_.keys() - required - allowed:
        yield f"{kind}: unknown {sorted(unknown)}"
    if empty := [key for key, value in object_.items() if value is None]:
        yield f"{kind}: null {empty}"


def _interactive(object_: Any) -> Iterator[str]:
    kind = object_.get("type")
    if kind not in ("button", "list", "cta_url"):
        yield f"interactive has the type {kind}"
        return
    if problems := list(_keys(kind, object_)):
        yield from problems
        return
    if _length(object_["body"]["text"]) not in range(1, 4097 if kind == "list" else 1025):
        yield f"{kind}: the body is empty or too long"
    action = object_["action"]
    if kind == "button":
        replies = [button["reply"] for button in action["buttons"] if button["type"] == "reply"]
        yield from _options(replies, 3, 256, 20)
    elif kind == "list":
        rows = [row for section in action["sections"] for row in section["rows"]]
        yield from _options(rows, 10, 200, 24)
        if _length(action["button"]) not in range(1, 21):
            yield "list: the button has not 1 to 20 characters"
        if any(_length(row.get("description", "x")) not in range(1, 73) for row in rows):
            yield "list: a description has not 1 to 72 characters"
    elif _length(action["parameters"]["display_text"]) not in range(1, 21):
        yield "cta_url: display_text has not 1 to 20 characters"


def _options(options: list[dict[str, str]], most: int, longest_id: int, longest_title: int) -> Iterator[str]:
    if len(options) not in range(1, most + 1):
        yield f"{len(options)} options"
    if len({one["id"] for one in options}) < len(options) or len({one["title"] for one in options}) < len(options):
        yield "two options have the same id or title"
    for one in options:
        if _length(one["id"]) not in range(1, longest_id + 1) or _length(one["title"]) not in range(
            1, longest_title + 1
        ):
            yield f"an id or title is empty or too long: {one}"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
