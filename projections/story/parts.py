"""The parts of a reply, and the choice that a message makes, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chat.parts import plain
from events.parts import FILES, Part
from events.references import Choice

_FILES = {
    "audio": "the sound",
    "document": "the file",
    "image": "the picture",
    "sticker": "the sticker",
    "video": "the video",
}


def named(part: Part) -> str:
    """What the person is shown."""
    match part.kind:
        case "text":
            return "words"
        case "choices":
            return f"a question with {len(part.choices)} choice{'s' * (len(part.choices) != 1)}"
        case "location":
            return f"the place {part.name}" if part.name else "a place"
        case "contact":
            return f"the contact {part.name}"
        case "link":
            return "a link"
        case "template":
            return f"the template {part.name}:{part.language}"
        case "reaction":
            return f"the reaction {part.emoji}" if part.emoji else "a reaction taken back"
        case kind if kind in FILES:
            said = "the voice message" if part.voice else _FILES[kind]
            return f"{said} {part.filename}" if part.filename else said
        case kind:
            return f"its plain reading, since this version does not know the kind {kind}"


def all_named(parts: Sequence[Part]) -> str:
    """The parts of a reply with their numbers; empty without parts."""
    if len(parts) < 2:
        return "".join(f", as {named(part)}" for part in parts)
    return f", in {len(parts)} parts: " + ", ".join(f"{n} {named(part)}" for n, part in enumerate(parts, 1))


def of_receipt(number: int, of: int, parts: Sequence[Part]) -> str:
    """The message that a receipt is of. It has a part's name where each part became one message."""
    if not of:
        return ""
    what = f", {named(parts[number - 1])}" if len(parts) == of and 0 < number <= of else ""
    return f", part {number} of {of}{what}" if of > 1 or not what else what


def ordered(parts: Sequence[Part], text: str | None) -> str | None:
    """The words of an order to send `parts` with `text` behind them."""
    if not parts:
        return text
    return "\n\n".join([*map(plain, parts), *([text] if text else [])])


def chose(choice: Choice, *, typed: bool) -> str:
    """The choice that a message makes: its id and its title."""
    said = ", ".join(dict.fromkeys(word for word in (choice.id, choice.title) if word)) or "one that has no name"
    return f"chose {said}, by {'typing' if typed else 'tapping'}"
