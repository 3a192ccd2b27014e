"""The parts of a reply, and the choice that a message makes, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chat.parts import plain
from events.parts import FILES, Part
from events.phrases import Counted, Phrase, Together
from events.references import Choice

_FILES = {
    "audio": Phrase("the sound"),
    "document": Phrase("the file"),
    "image": Phrase("the picture"),
    "sticker": Phrase("the sticker"),
    "video": Phrase("the video"),
}


def named(part: Part) -> Phrase:
    """The part as the person is shown it."""
    match part.kind:
        case "text":
            return Phrase("words")
        case "choices":
            return Counted("a question with %(num)s choice", "a question with %(num)s choices", len(part.choices))
        case "location":
            return Phrase("the place %(name)s", name=part.name) if part.name else Phrase("a place")
        case "contact":
            return Phrase("the contact %(name)s", name=part.name)
        case "link":
            return Phrase("a link")
        case "template":
            return Phrase("the template %(name)s", name=f"{part.name}:{part.language}")
        case "reaction":
            return Phrase("the reaction %(emoji)s", emoji=part.emoji) if part.emoji else Phrase("a reaction taken back")
        case kind if kind in FILES:
            said = Phrase("the voice message") if part.voice else _FILES[kind]
            return Together([said, part.filename or ""], " ")
        case kind:
            return Phrase("its plain reading, since this version does not know the kind %(kind)s", kind=kind)


def all_named(parts: Sequence[Part]) -> Phrase:
    """The parts of a reply with their numbers; empty without parts."""
    if len(parts) < 2:
        return Together(Phrase(", as %(part)s", part=named(part)) for part in parts)
    listed = Together(Together([str(number), named(part)], " ") for number, part in enumerate(parts, 1))
    return Phrase(", in %(number)s parts: %(parts)s", number=len(parts), parts=listed)


def of_receipt(number: int, of: int, parts: Sequence[Part]) -> Phrase:
    """The message that a receipt is of. It has a part's name where each part became one message."""
    what = named(parts[number - 1]) if len(parts) == of and 0 < number <= of else ""
    if of > 1 or (of and not what):
        part = Phrase(", part %(number)s of %(all)s", number=number, all=of)
        return Together([part, what])
    return Together([", ", what] if what else [], "")


def ordered(parts: Sequence[Part], text: str | None) -> str | None:
    """The words of an order to send `parts` with `text` behind them."""
    if not parts:
        return text
    return "\n\n".join([*map(plain, parts), *([text] if text else [])])


def chose(choice: Choice, *, typed: bool) -> Phrase:
    """The choice that a message makes: its id and its title."""
    said = ", ".join(dict.fromkeys(word for word in (choice.id, choice.title) if word))
    what = said or Phrase("one that has no name")
    if typed:
        return Phrase("chose %(choice)s, by typing", choice=what)
    return Phrase("chose %(choice)s, by tapping", choice=what)
