"""The parts of a reply that are more than text: choices, files, places, contacts, links, templates, reactions.

A part is read as leniently as any event: a kind that this version does not know is kept, and people get the reply's
plain reading. `problems` is the strict side, for those who write parts: a table of kinds and fields, and WhatsApp's
own limits (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026-11-29).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from events.phrases import Phrase

MOST_PARTS = 10
"""Parts of one reply."""

LARGEST_PARTS = 64 * 1024
"""Bytes of all parts of one reply, as JSON."""

MOST_CHOICES = 10
"""Rows of a list: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages"""

FILES = frozenset({"image", "video", "audio", "document", "sticker"})
"""The kinds whose content is a file."""

FILE_PLACES = frozenset({"object", "url"})
"""The fields of which a file has one."""

Words = Annotated[str, msgspec.Meta(max_length=65536)]
Label = Annotated[str, msgspec.Meta(max_length=1024)]
Address = Annotated[str, msgspec.Meta(max_length=2048)]

_OBJECT = re.compile(r"LIBRARY/[0-9a-f]{64}|MEDIA/[^/\s]\S*")
_URL = re.compile(r"https://[^\s/]+(/\S*)?")
_LANGUAGE = re.compile(r"[A-Za-z_]{2,15}")
_TEMPLATE = re.compile(r"[a-z0-9_]{1,512}")


class Option(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One choice of a `choices` part.

    - `id`: comes back as `choice.id` of the person's message.
    - `title`: its words on the screen.
    - `description`: a second line, where the app shows one.
    """

    id: Label
    title: Label
    description: Label | None = None


class ButtonValue(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The variable of a template's button: the button's `index`, from 0, and its `value`."""

    index: Annotated[int, msgspec.Meta(ge=0, le=9)]
    value: Label


class Parameters(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The variables of a template.

    - `header`: one text, or the `object` or `url` of its file.
    - `body`: the texts in their order, or by their names.
    - `buttons`: the values of its buttons.
    """

    header: tuple[Address, ...] = ()
    body: tuple[Label, ...] | dict[str, Label] = ()
    buttons: tuple[ButtonValue, ...] = ()


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One part of a reply. Each kind has fields of its own: see its table.

    - `kind`: the kind; one in no table is of a newer version, and goes out as its plain reading.
    - `text`: of `text`, `choices` and `link`: the words; of a `template`: its words as the person reads them.
    - `object`: the file, as `LIBRARY/<sha256>` or `MEDIA/<name>`.
    - `url`: the file's address at which WhatsApp fetches it, or the address of a `link`.
    - `mime`, `filename`, `caption`: of a file; `filename` also of the file in a template's header.
    - `voice`: of `audio`: shown as a voice message.
    - `latitude`, `longitude`: degrees.
    - `name`: of a place, a contact or a template.
    - `address`: of a place.
    - `phones`: of a contact.
    - `choices`: the options that the person may tap.
    - `button`: the words that open a list.
    - `title`: the words of a link's button.
    - `language`, `parameters`: of a template.
    - `to`, `emoji`: of a reaction: the message's id, and the emoji; an empty one takes the reaction back.
    """

    kind: Annotated[str, msgspec.Meta(max_length=64)]
    text: Words | None = None
    object: Address | None = None
    url: Address | None = None
    mime: Label | None = None
    filename: Label | None = None
    caption: Words | None = None
    voice: bool = False
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    name: Label | None = None
    address: Address | None = None
    phones: tuple[Label, ...] = ()
    choices: tuple[Option, ...] = ()
    button: Label | None = None
    title: Label | None = None
    language: Label | None = None
    parameters: Parameters | None = None
    to: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    emoji: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Kind(msgspec.Struct, frozen=True):
    """The fields of a kind of part: those that it needs, and those that it may have beside them."""

    needs: frozenset[str]
    may: frozenset[str] = frozenset()


def _kind(needs: str, may: str = "") -> Kind:
    return Kind(frozenset(needs.split()), frozenset(may.split()))


KINDS: dict[str, Kind] = {
    "text": _kind("text"),
    "image": _kind("", "object url mime caption"),
    "video": _kind("", "object url mime caption"),
    "audio": _kind("", "object url mime voice"),
    "document": _kind("", "object url mime filename caption"),
    "sticker": _kind("", "object url mime"),
    "location": _kind("latitude longitude", "name address"),
    "contact": _kind("name phones"),
    "choices": _kind("choices", "text button"),
    "link": _kind("text url", "title"),
    "template": _kind("name language", "parameters text filename"),
    "reaction": _kind("to emoji"),
}
"""The kinds of parts. A file needs `object` or `url`, and has one of them."""

_UNSET = {field.name: field.default for field in msgspec.structs.fields(Part) if field.name != "kind"}


def problems(parts: Sequence[Part]) -> Iterator[Phrase]:
    """A sentence on each fault of parts that are to be sent, with the remedy."""
    if len(parts) > MOST_PARTS:
        yield Phrase(
            "there are %(number)s parts: a reply has at most %(most_parts)s", number=len(parts), most_parts=MOST_PARTS
        )
    if (size := len(msgspec.json.encode(parts))) > LARGEST_PARTS:
        yield Phrase(
            "the parts have %(size)s bytes: a reply has at most %(largest_parts)s",
            size=size,
            largest_parts=LARGEST_PARTS,
        )
    if sum(part.kind == "choices" for part in parts) > 1:
        yield Phrase("there are several parts of kind choices: ask one question at a time")
    for number, part in enumerate(parts, 1):
        for fault in faults(part):
            yield Phrase("part %(number)s (%(kind)s): %(fault)s", number=number, kind=part.kind, fault=fault)


def faults(part: Part) -> Iterator[Phrase]:
    """The faults of one part."""
    kind = KINDS.get(part.kind)
    if kind is None:
        yield Phrase("the kind is none of %(names)s", names=", ".join(KINDS))
        return
    given = {name for name, unset in _UNSET.items() if getattr(part, name) != unset}
    for name in sorted(kind.needs - given - ({"emoji"} if part.emoji == "" else set())):
        yield Phrase("give it `%(name)s`", name=name)
    for name in sorted(given - kind.needs - kind.may):
        yield Phrase("it has no `%(name)s`: leave that out", name=name)
    if part.kind in FILES:
        yield from _file_faults(part)
    elif part.kind == "choices":
        yield from _choice_faults(part)
    elif part.kind == "link" and part.url is not None and not _URL.fullmatch(part.url):
        yield Phrase("`url` is no address: give it one that begins with https://")
    elif part.kind == "template":
        yield from _template_faults(part)
    for name in ("text", "name", "title", "button"):
        if (value := getattr(part, name)) is not None and not value.strip():
            yield Phrase("`%(name)s` is blank", name=name)
    if any(sum(sign.isdigit() for sign in phone) < 3 for phone in part.phones):
        yield Phrase("`phones` has one without a number: give each as +5511999999999")


def _file_faults(part: Part) -> Iterator[Phrase]:
    if (part.object is None) == (part.url is None):
        yield Phrase("give it one of `object` and `url`")
    if part.object is not None and not _OBJECT.fullmatch(part.object):
        yield Phrase("`object` is neither LIBRARY/<sha256> nor MEDIA/<name>")
    if part.url is not None and not _URL.fullmatch(part.url):
        yield Phrase("`url` is no address: give it one that begins with https://")


def _choice_faults(part: Part) -> Iterator[Phrase]:
    if len(part.choices) > MOST_CHOICES:
        yield Phrase(
            "it has %(number)s choices: people are shown at most %(most_choices)s",
            number=len(part.choices),
            most_choices=MOST_CHOICES,
        )
    ids = [option.id for option in part.choices]
    if any(not option.id.strip() or not option.title.strip() for option in part.choices):
        yield Phrase("each choice needs an `id` and a `title`")
    elif len(set(ids)) < len(ids):
        yield Phrase("two choices have the same `id`")
    elif len({option.title.strip().casefold() for option in part.choices}) < len(ids):
        yield Phrase("two choices have the same `title`: a person could not tell them apart")


def _template_faults(part: Part) -> Iterator[Phrase]:
    if part.name is not None and not _TEMPLATE.fullmatch(part.name):
        yield Phrase("`name` is no template's: WhatsApp's names have small letters, digits and _")
    if part.language is not None and not _LANGUAGE.fullmatch(part.language):
        yield Phrase("`language` is no language: give it as pt_BR or en")
    values = part.parameters
    if values is None:
        return
    if len(values.header) > 1:
        yield Phrase("`parameters.header` has several values: a header has one")
    texts = values.body.values() if isinstance(values.body, dict) else values.body
    for text in (*texts, *values.header):
        if "\n" in text or "\t" in text or "    " in text:
            yield Phrase("a variable has a line break, a tab or four blanks, which WhatsApp refuses")
            return
