"""The plain reading of a reply's parts, and the parts of an answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from chat.limits import LONGEST_SEND
from events.decisions import Reply
from events.parts import FILES, Part

_SIGNS = {"image": "📷", "video": "🎬", "audio": "🎵", "document": "📄", "sticker": "🖼", "voice": "🎤"}
"""Signs instead of words: the reading has no language of its own."""


def reading(parts: Sequence[Part]) -> str:
    """The words for people and programs that are shown no parts; empty only without parts."""
    return "\n\n".join(plain(part) for part in parts)


def plain(part: Part) -> str:
    """The plain reading of one part; never blank."""
    match part.kind:
        case "text":
            said = part.text
        case "location":
            where = ", ".join(words for words in (part.name, part.address) if words)
            at = f"https://maps.google.com/?q={part.latitude},{part.longitude}"
            said = f"📍 {where}\n{at}" if where else f"📍 {at}"
        case "contact":
            said = f"👤 {part.name}: {', '.join(part.phones)}"
        case "choices":
            said = numbered(part)
        case "link":
            said = f"{part.text}\n{part.url}"
        case "template":
            said = part.text or _template(part)
        case "reaction":
            said = part.emoji or "↩"
        case kind if kind in FILES:
            said = _file(part)
        case kind:  # of a newer version
            said = part.text or part.caption or part.name or f"[{kind}]"
    return said if said and said.strip() else f"[{part.kind}]"


def numbered(part: Part) -> str:
    """The question with its choices as numbered lines."""
    lines = [
        f"{number}. {option.title}" + (f": {option.description}" if option.description else "")
        for number, option in enumerate(part.choices, 1)
    ]
    return "\n".join([*([part.text, ""] if part.text else []), *lines])


def answered(sent: Sequence[Part], text: str) -> tuple[Part, ...]:
    """The parts of an answer: those that tools `sent`, in call order, then the model's `text`.

    A `choices` part without words takes the text and comes last. Without parts of tools there are none.
    """
    if not sent:
        return ()
    said = Part(kind="text", text=text) if text.strip() else None
    place = next((at for at, part in enumerate(sent) if part.kind == "choices" and part.text is None), None)
    if place is None:
        return (*sent, said) if said is not None else tuple(sent)
    asked = sent[place] if said is None else replace(sent[place], text=text)
    return (*sent[:place], *sent[place + 1 :], asked)


def bounded(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with no text longer than an event may hold; the reply's plain reading has the whole."""
    return tuple(
        replace(part, text=part.text[:LONGEST_SEND]) if part.text and len(part.text) > LONGEST_SEND else part
        for part in parts
    )


def parts_of(reply: Reply) -> tuple[Part, ...]:
    """The parts of a reply; none if its text is what is sent."""
    return reply.parts if isinstance(reply.parts, tuple) else ()


def _file(part: Part) -> str:
    sign = _SIGNS["voice" if part.voice else part.kind]
    named = part.filename if part.kind == "document" else None
    lines = [f"{sign} {named}" if named else sign, part.caption, part.url]
    return "\n".join(line for line in lines if line)


def _template(part: Part) -> str:
    values = part.parameters
    body = () if values is None else values.body
    texts = body.values() if isinstance(body, dict) else body
    return f"[{part.name}]" + (f" {', '.join(texts)}" if texts else "")
