"""Turns the parts of a reply into messages that the Cloud API takes, with the whole content in each case.

Pure. The limits are Meta's (https://developers.facebook.com/docs/whatsapp/cloud-api/messages, read 2026-11-29): a
longer text goes out before its part, choices that no button or list can show become numbered text.
"""

from __future__ import annotations

from msgspec.structs import replace

from chat.parts import numbered, plain
from events.parts import FILES, KINDS, Option, Part
from gateways.delivery.splitting import LIMIT, length, shortened, split

MOST_BUTTONS = 3
LONGEST_BUTTON, LONGEST_ROW, LONGEST_ROW_NOTE, LONGEST_OPENER = 20, 24, 72, 20
LONGEST_BUTTON_ID, LONGEST_ROW_ID = 256, 200
LONGEST_BUTTON_BODY, LONGEST_LIST_BODY, LONGEST_LINK_BODY = 1024, 4096, 1024
LONGEST_CAPTION = 1024
"""Characters, as `splitting.length` counts them."""

OPENER = "Menu"
"""The words that open a list which has none of its own: the same word in Portuguese, Spanish and English."""

_CAPTIONED = frozenset({"image", "video", "document"})


def degraded(part: Part) -> list[Part]:
    """The messages of one part, in order; at least one."""
    match part.kind:
        case "text":
            return _texts(part.text or "")
        case "choices":
            return _choices(part)
        case "link":
            return _link(part)
        case kind if kind in FILES:
            return _file(part)
        case kind if kind in KINDS:
            return [part]
        case _:
            return _texts(plain(part))


def _texts(text: str) -> list[Part]:
    return [Part(kind="text", text=piece) for piece in split(text)]


def _choices(part: Part) -> list[Part]:
    by_buttons = len(part.choices) <= MOST_BUTTONS and not any(option.description for option in part.choices)
    longest_id = LONGEST_BUTTON_ID if by_buttons else LONGEST_ROW_ID
    if any(length(option.id) > longest_id or option.id != option.id.strip() for option in part.choices):
        return _texts(numbered(part))
    longest = LONGEST_BUTTON if by_buttons else LONGEST_ROW
    shown = tuple(_shown(option, longest) for option in part.choices)
    whole = len({option.title for option in shown}) == len(shown)
    if not whole:  # cut, two titles look the same
        return _texts(numbered(part))
    text = numbered(part) if shown != part.choices else part.text or numbered(part)
    before, body = _before_and_body(text, LONGEST_BUTTON_BODY if by_buttons else LONGEST_LIST_BODY)
    opener = None if by_buttons else _cut(part.button or OPENER, LONGEST_OPENER)
    return [*before, replace(part, text=body, choices=shown, button=opener)]


def _shown(option: Option, longest: int) -> Option:
    note = option.description
    return replace(option, title=_cut(option.title, longest), description=_cut(note or "", LONGEST_ROW_NOTE) or None)


def _link(part: Part) -> list[Part]:
    if not part.title or length(part.title) > LONGEST_BUTTON:
        return _texts(plain(part))
    before, body = _before_and_body(part.text or "", LONGEST_LINK_BODY)
    return [*before, replace(part, text=body)]


def _file(part: Part) -> list[Part]:
    caption = part.caption or ""
    if not caption.strip():
        return [replace(part, caption=None)]
    if part.kind in _CAPTIONED and length(caption) <= LONGEST_CAPTION:
        return [part]
    return [replace(part, caption=None), *_texts(caption)]


def _before_and_body(text: str, limit: int) -> tuple[list[Part], str]:
    """The texts that go out before, and the words of the part itself."""
    if length(text) <= limit:
        return [], text
    *first, body = split(text, limit)
    text = text.rstrip()
    if text.endswith(body):  # not so within a block of code, which is closed and opened again
        first = split(text.removesuffix(body), LIMIT)
    return [Part(kind="text", text=piece) for piece in first], body


def _cut(words: str, longest: int) -> str:
    words = " ".join(words.split())
    return words if length(words) <= longest else f"{shortened(words, longest - 1).rstrip()}…"
