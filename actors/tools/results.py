"""The results of tools that say more than text. Public as `recado.tools`.

A tool returns a Result, or one of the parts that the functions here make. Each checks its part, and raises ValueError
with the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from chat.files import VOICE
from chat.parts import reading
from events.library import name_fault
from events.parts import Option, Part, faults


class FromLibrary(msgspec.Struct, frozen=True):
    """The file or place that the library of the chat's account has under `name`: a file, or a place.

    - `caption`: instead of the entry's own.
    """

    name: str
    caption: str | None = None


class FromBytes(msgspec.Struct, frozen=True):
    """A file that is sent to this person alone.

    - `content`: its bytes.
    - `name`: its name, as people see that of a document.
    - `kind`: one of chat.files.KINDS; None: as its content says.
    """

    content: bytes
    name: str
    kind: str | None = None
    caption: str | None = None


Sendable = Part | FromLibrary | FromBytes


class Result(msgspec.Struct, frozen=True):
    """The result of a tool: `output` for the model, and the parts `send` for the person.

    The parts go out with the model's answer, before its words. Choices without a question take these words, and come
    last. Without an `output`, the model reads the parts. With `quote` the answer quotes the message that it answers.
    """

    output: str = ""
    send: Sequence[Sendable] = ()
    quote: bool = False

    @property
    def told(self) -> str:
        """The words for the model. Its files are looked up before."""
        if self.output or (self.quote and not self.send):
            return self.output or "Your answer quotes the person's message."
        parts = [part for part in self.send if isinstance(part, Part)]
        return f"The person gets this with your answer:\n{reading(parts)}"


class Sent(msgspec.Struct):
    """The body of a service's answer with parts."""

    output: str = ""
    send: tuple[Part, ...] = ()
    quote: bool = False


def text(words: str) -> Part:
    """A message of words."""
    return checked(Part(kind="text", text=words))


def image(url: str, *, caption: str | None = None) -> Part:
    """A picture (JPEG or PNG, 5 MB at most) that WhatsApp fetches from `url`."""
    return checked(Part(kind="image", url=url, caption=caption))


def video(url: str, *, caption: str | None = None) -> Part:
    """A video (MP4, 16 MB at most) that WhatsApp fetches from `url`."""
    return checked(Part(kind="video", url=url, caption=caption))


def audio(url: str, *, voice: bool = False) -> Part:
    """A sound that WhatsApp fetches from `url`; `voice`: shown as a voice message, of OGG with Opus alone."""
    return checked(Part(kind="audio", url=url, voice=voice))


def document(url: str, *, filename: str | None = None, caption: str | None = None) -> Part:
    """A file that WhatsApp fetches from `url`; `filename` is the name that people see."""
    return checked(Part(kind="document", url=url, filename=filename, caption=caption))


def from_library(name: str, *, caption: str | None = None) -> FromLibrary:
    """The file or place of this name in the library of the chat's account: see `recado files`."""
    if (fault := name_fault(name)) is not None:
        raise ValueError(fault)
    return FromLibrary(name, caption)


def from_bytes(content: bytes, name: str, *, caption: str | None = None, voice: bool = False) -> FromBytes:
    """A file for this person alone, of a type and size that WhatsApp takes; it is kept for RECADO_MEDIA_KEPT.

    `voice`: shown as a voice message, of OGG with Opus alone.
    """
    if not isinstance(content, bytes):
        raise TypeError("give the file's bytes")
    if (fault := name_fault(name)) is not None:
        raise ValueError(fault)
    return FromBytes(content, name, VOICE if voice else None, caption)


def location(latitude: float, longitude: float, *, name: str | None = None, address: str | None = None) -> Part:
    """A place, in degrees."""
    return checked(Part(kind="location", latitude=latitude, longitude=longitude, name=name, address=address))


def contact(name: str, *phones: str) -> Part:
    """A person with their numbers, as +5511999999999."""
    return checked(Part(kind="contact", name=name, phones=phones))


def choices(question: str | None, options: Mapping[str, str] | Sequence[Option], *, button: str | None = None) -> Part:
    """A question with at most ten answers to tap: their titles by their ids, or Options with descriptions.

    The id comes back as `choice.id` of the person's message. Without a `question`, the model's answer is the question.
    `button`: the words that open the list, where there are more than three.
    """
    listed = (
        [Option(id=id_, title=title) for id_, title in options.items()] if isinstance(options, Mapping) else options
    )
    return checked(Part(kind="choices", text=question, choices=tuple(listed), button=button))


def link(words: str, url: str, *, title: str | None = None) -> Part:
    """Words with an address; `title`: the words of its button."""
    return checked(Part(kind="link", text=words, url=url, title=title))


def checked(part: Part) -> Part:
    """The part as an event has it. Raises ValueError with its first fault."""
    (part,) = stored([part])
    fault = next(faults(part), None)
    if fault is not None:
        raise ValueError(f"{part.kind}: {fault}")
    return part


def stored(parts: Sequence[object]) -> tuple[Part, ...]:
    """The parts with every value of the type that its field has. Raises ValueError."""
    try:
        return msgspec.json.decode(msgspec.json.encode(parts), type=tuple[Part, ...])
    except (TypeError, OverflowError, msgspec.MsgspecError) as error:
        raise ValueError(f"these are no parts that can be sent: {error}") from error
