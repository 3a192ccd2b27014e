"""Makes an order to send out of the form on a chat's page: words, and beside them a file, a place, choices, a quote."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from chat.files import LONGEST_CAPTION
from chat.unseen import has_words
from console.languages import Worded
from events.library import Entry
from events.parts import KINDS, MOST_CHOICES, Option, Part, faults, problems

FIELDS = ("text", "options", "file", "caption", "place", "place_name", "place_address", "quote")
"""The fields of the form; none is needed, and one of the first five has to be there."""

_PLACE = re.compile(r"(-?\d{1,3}(?:\.\d{1,20})?)(?:\s*[,;]\s*|\s+)(-?\d{1,3}(?:\.\d{1,20})?)", re.ASCII)


class Unfit(Worded):
    """A form that cannot be sent: the field, and the reason in words."""

    def __init__(self, field: str, reason: str, /, **values: object) -> None:
        super().__init__(reason, values)
        self.field = field


class Composed(NamedTuple):
    """The words, the parts and the quote of an order to send."""

    text: str | None
    parts: tuple[Part, ...]
    quote: str | None


async def composed(
    given: Mapping[str, str],
    entry: Callable[[str], Awaitable[Entry | None]],
    is_known: Callable[[str], Awaitable[bool]],
    attached: Sequence[Part] = (),
) -> Composed:
    """The order of a form.

    - `entry`: returns the library's entry of this name.
    - `is_known`: returns whether the chat has a message of this id, which a quote needs.
    - `attached`: the parts of files that come with the form. They go first.

    Raises Unfit.
    """
    said = {name: given.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    if not has_words(said["text"]):
        said["text"] = ""
    parts = [
        *(_captioned(said, attached) if attached else []),
        *([await _file(said, entry)] if said["file"] else []),
        *([place_of(said["place"], said["place_name"], said["place_address"])] if said["place"] else []),
        *([_choices(said)] if said["options"] else []),
    ]
    if said["caption"] and not said["file"] and not attached:
        raise Unfit("caption", "Choose the file that the caption belongs to.")
    if (said["place_name"] or said["place_address"]) and not said["place"]:
        raise Unfit("place", "Give the place: its latitude and longitude, such as -23.5505, -46.6333.")
    if not said["text"] and not parts:
        raise Unfit("text", "There is nothing to send.")
    if (fault := next(problems(parts), None)) is not None:
        raise Unfit("text", "This cannot be sent: %(reason)s.", reason=fault)
    if said["quote"] and not await is_known(said["quote"]):
        raise Unfit("quote", "The message that you reply to is not known any more.")
    return Composed(said["text"] or None, tuple(parts), said["quote"] or None)


def checked(part: Part, field: str) -> Part:
    """The part as an event has it. Raises Unfit."""
    try:
        part = msgspec.json.decode(msgspec.json.encode(part), type=Part)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Unfit(field, "This cannot be sent: %(reason)s.", reason=error) from error
    if (fault := next(faults(part), None)) is not None:
        raise Unfit(field, "This cannot be sent: %(reason)s.", reason=fault)
    return part


async def _file(said: Mapping[str, str], entry: Callable[[str], Awaitable[Entry | None]]) -> Part:
    found = await entry(said["file"])
    if found is None:
        raise Unfit("file", "There is no file “%(file)s” here any more: choose another one.", file=said["file"][:80])
    part = found.part
    if not said["caption"]:
        return checked(part, "file")
    if "caption" not in KINDS[part.kind].may:
        raise Unfit("caption", "This one is sent without a caption: write the words as the text instead.")
    return checked(replace(part, caption=said["caption"]), "caption")


def _captioned(said: dict[str, str], attached: Sequence[Part]) -> Sequence[Part]:
    """The files with their caption: beside one picture, video or document the text is it, as on a phone."""
    number = next((at for at, part in enumerate(attached) if "caption" in KINDS[part.kind].may), None)
    caption = said["caption"] if not said["file"] else ""
    if caption and number is None:
        raise Unfit("caption", "This one is sent without a caption: write the words as the text instead.")
    if len(caption) > LONGEST_CAPTION:
        raise Unfit("caption", "A caption has at most 1,024 characters.")
    is_caption = len(attached) == 1 and not said["options"] and len(said["text"]) <= LONGEST_CAPTION
    if not caption and number is not None and is_caption:
        caption, said["text"] = said["text"], ""
    if not caption or number is None:
        return attached
    return [*attached[:number], replace(attached[number], caption=caption), *attached[number + 1 :]]


def place_of(degrees: str, name: str, address: str) -> Part:
    """The place at these degrees, as a person writes them. Raises Unfit."""
    match = _PLACE.fullmatch(degrees)
    if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        raise Unfit("place", "This is no place: write its latitude and longitude, such as -23.5505, -46.6333.")
    latitude, longitude = float(match[1]), float(match[2])
    part = Part(kind="location", latitude=latitude, longitude=longitude, name=name or None, address=address or None)
    return checked(part, "place")


def _choices(said: Mapping[str, str]) -> Part:
    titles = list(_lines(said["options"]))
    if not said["text"]:
        raise Unfit("text", "Write the question here; the answers to tap are below.")
    if len(titles) > MOST_CHOICES:
        raise Unfit(
            "options",
            "These are %(number)s answers: people are shown at most %(most)s.",
            number=len(titles),
            most=MOST_CHOICES,
        )
    if len({title.casefold() for title in titles}) < len(titles):
        raise Unfit("options", "Two answers are the same: a person could not tell them apart.")
    choices = tuple(Option(id=str(number), title=title) for number, title in enumerate(titles, 1))
    return checked(Part(kind="choices", choices=choices), "options")


def _lines(text: str) -> Iterator[str]:
    return (line for line in (" ".join(line.split()) for line in text.split("\n")) if line)
