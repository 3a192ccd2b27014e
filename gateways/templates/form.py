"""The values that a template needs, and the part that sends it with them. Pure.

`fields` gives what a form asks for, `filled` the part for its values, or everything that is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from events.parts import ButtonValue, Parameters, Part, faults
from events.phrases import Phrase
from gateways.delivery.splitting import length
from gateways.templates.template import HEADER_FILES, Button, Template, put_in, unsendable, variables

LONGEST_HEADER, LONGEST_BODY, LONGEST_BODY_ALONE = 60, 1024, 32768
"""Characters with the values in; a body alone may be longer:
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages#template-object (read 2026-11-29)."""

LONGEST_VALUE = 1024
"""Characters of one value, as an event holds it; see events.parts.Label."""

LONGEST_ADDRESS = 2048
"""Characters of a file's address; see events.parts.Address."""

HEADER = "header"

_SIGNS = {"image": "📷", "video": "🎬", "document": "📄", "location": "📍"}

ValueKind = Literal["text", "image", "video", "document", "location", "url", "payload", "code", "flow"]

_BUTTONS: dict[str, tuple[ValueKind, bool]] = {
    "quick_reply": ("payload", False),
    "copy_code": ("code", True),
    "otp": ("code", True),
    "flow": ("flow", False),
}
"""The value of a button by its kind, and whether it is needed. A `url` needs one if it has a variable; all other kinds
have none."""


_HEADERS: dict[str, ValueKind] = {
    "image": "image",
    "video": "video",
    "document": "document",
    "location": "location",
}
"""The kinds of header that always need a value."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a template takes.

    - `key`: its key among the values: `header`, `body:<variable>`, `button:<index>`.
    - `kind`: `image`, `video` and `document` are a file (its https address, or one of the library), `location` is
      `latitude,longitude,name,address`, `url` the end of an address, `payload` what comes back as the choice's id,
      `code` a text to copy, `flow` the token of a form.
    - `label`: the words around it, for people.
    - `required`: WhatsApp sends nothing without it.
    - `longest`: characters.
    """

    key: str
    kind: ValueKind
    label: str
    required: bool = True
    longest: int = LONGEST_VALUE


def fields(template: Template) -> tuple[Field, ...]:
    """The values that the template takes, as a person reads it."""
    return tuple(_fields(template))


def filled(template: Template, values: Mapping[str, str], file: Part | None = None) -> Part | tuple[Phrase, ...]:
    """The part that sends the template with these values by the keys of `fields`, or the faults of them, each with
    the remedy.

    - `file`: a file or place of the library for the header, in place of the value `header`.
    """
    if (reason := unsendable(template)) is not None:
        return (reason,)
    given = {key: value for key, value in values.items() if value != ""}
    if file is not None:
        given[HEADER] = _place(file) if file.kind == "location" else file.object or file.url or ""
    wanted = {field.key: field for field in fields(template)}
    if _is_code(template):
        _repeat_code(given, wanted)
    wrong = [
        *(_lack(field) for key, field in wanted.items() if field.required and key not in given),
        *(_excess(template, key) for key in given if key not in wanted),
        *(fault for key, value in given.items() if key in wanted for fault in _value_faults(wanted[key], value)),
    ]
    if file is not None and template.header is not None and file.kind != template.header:
        wrong.append(
            Phrase(
                "its header is of the kind %(kind)s, and the file is of the kind %(other)s",
                kind=template.header,
                other=file.kind,
            )
        )
    if wrong:
        return tuple(wrong)
    part = _part(template, given, file)
    return (*faults(part), *_too_long(template, given)) or part


def reading(template: Template, values: Mapping[str, str], filename: str | None = None) -> str:
    """The words of the template with these values, as the person reads them."""
    header, buttons = None, [f"[{button.text}]" for button in template.buttons if button.text]
    if template.header == "text":
        header = put_in(template.header_text, dict.fromkeys(variables(template.header_text), values.get(HEADER, "")))
    elif template.header is not None:
        named = filename or (values.get(HEADER) if template.header == "location" else None)
        header = " ".join(filter(None, (_SIGNS.get(template.header, f"[{template.header}]"), named)))
    body = put_in(template.body, _of_body(template, values))
    said = [header, body, template.footer, " ".join(buttons)]
    return "\n\n".join(words for words in said if words and words.strip()) or f"[{template.name}]"


def _fields(template: Template) -> Iterator[Field]:
    header = template.header
    if header == "text" and (names := variables(template.header_text)):
        yield Field(key=HEADER, kind="text", label=f"{template.header_text} ({names[0]})", longest=LONGEST_HEADER)
    elif header is not None and header in _HEADERS:
        yield Field(key=HEADER, kind=_HEADERS[header], label=header, longest=LONGEST_ADDRESS)
    for name in variables(template.body):
        yield Field(key=f"body:{name}", kind="text", label=name)
    for index, button in enumerate(template.buttons):
        if (takes := _takes(button)) is not None:
            kind, required = takes
            label = f"{button.text} ({button.url})" if kind == "url" else button.text or kind
            # A one-time password is in the body already.
            required = required and not _is_code(template)
            yield Field(key=f"button:{index}", kind=kind, label=label, required=required)


def _takes(button: Button) -> tuple[ValueKind, bool] | None:
    if button.kind == "url":
        return ("url", True) if variables(button.url) else None
    return _BUTTONS.get(button.kind)


def _is_code(template: Template) -> bool:
    """True if it sends a one-time password, which its body and its button both have."""
    return template.category == "AUTHENTICATION"


def _repeat_code(given: dict[str, str], wanted: Mapping[str, Field]) -> None:
    for key in wanted:
        if key.startswith("button:") and key not in given and "body:1" in given:
            given[key] = given["body:1"]


def _lack(field: Field) -> Phrase:
    """The fault of a value that is needed and not there, with the option of the command line that gives it."""
    where, _, name = field.key.partition(":")
    match where:
        case "header":
            return Phrase("it lacks the header, a %(kind)s: --header VALUE", kind=field.kind)
        case "body":
            return Phrase("it lacks the variable %(name)s: --set %(name)s=VALUE", name=name)
        case _:
            return Phrase(
                "it lacks the value of button %(number)s, %(label)s: --button %(number)s=VALUE",
                number=name,
                label=field.label,
            )


def _excess(template: Template, key: str) -> Phrase:
    where, _, name = key.partition(":")
    names = ", ".join(variables(template.body))
    match where:
        case "header":
            return Phrase("it has no header that takes a value: leave it out")
        case "body" if names:
            return Phrase("it has no variable %(name)s (%(names)s): leave it out", name=name, names=names)
        case "body":
            return Phrase("it has no variable %(name)s (it has none at all): leave it out", name=name)
        case _:
            return Phrase("it has no button %(number)s that takes a value: leave it out", number=name)


def _value_faults(field: Field, value: str) -> Iterator[Phrase]:
    where, _, name = field.key.partition(":")
    named = Phrase(_PLACES[where], name=name)
    if not value.strip():
        yield Phrase("%(value)s is blank: WhatsApp takes no empty value", value=named)
    elif length(value) > field.longest:
        yield Phrase(
            "%(value)s has %(length)s characters: WhatsApp takes %(longest)s",
            value=named,
            length=length(value),
            longest=field.longest,
        )
    elif "\n" in value or "\r" in value or "\t" in value or "    " in value:
        yield Phrase("%(value)s has a line break, a tab or four blanks, which WhatsApp refuses", value=named)
    elif field.kind in HEADER_FILES and not is_address(value):
        yield Phrase(
            "%(value)s is no %(kind)s: give an address that begins with https://, or a file of the library",
            value=named,
            kind=field.kind,
        )
    elif field.kind == "location" and place_in(value) is None:
        yield Phrase("%(value)s is no place: give it as -23.5505,-46.6333,Bakery,Rua Augusta 1", value=named)


_PLACES = {
    "body": Phrase("the variable %(name)s"),
    "button": Phrase("the value of button %(name)s"),
    "header": Phrase("the header"),
}
"""The place of a value, by the beginning of its key."""


def is_address(value: str) -> bool:
    """True if a value is the address of a file, on the web or in the object stores."""
    return value.startswith(("https://", "LIBRARY/", "MEDIA/"))


def _place(part: Part) -> str:
    return f"{part.latitude},{part.longitude},{part.name or part.address or '-'},{part.address or part.name or '-'}"


def place_in(value: str) -> Part | None:
    """The place in `latitude,longitude,name,address`; None if it is none."""
    words = [word.strip() for word in value.split(",", 3)]
    if len(words) != 4 or not all(words):
        return None
    try:
        latitude, longitude = float(words[0]), float(words[1])
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Part(kind="location", latitude=latitude, longitude=longitude, name=words[2], address=words[3])


def _of_body(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[f"body:{name}"] for name in variables(template.body) if f"body:{name}" in values}


def _part(template: Template, given: Mapping[str, str], file: Part | None) -> Part:
    body = _of_body(template, given)
    parameters = Parameters(
        header=(given[HEADER],) if HEADER in given else (),
        body=body if template.named else tuple(body.values()),
        buttons=tuple(
            ButtonValue(index=index, value=given[f"button:{index}"])
            for index in range(len(template.buttons))
            if f"button:{index}" in given
        ),
    )
    filename = file.filename if file is not None and file.kind == "document" else None
    return Part(
        kind="template",
        name=template.name,
        language=template.language,
        parameters=parameters if parameters.header or body or parameters.buttons else None,
        text=reading(template, given, filename),
        filename=filename,
    )


def _too_long(template: Template, given: Mapping[str, str]) -> Iterator[Phrase]:
    if template.header == "text":
        words = reading(msgspec.structs.replace(template, body="", footer="", buttons=()), given)
        if length(words) > LONGEST_HEADER:
            yield Phrase(
                "the header has %(length)s characters with its value: WhatsApp takes %(longest)s",
                length=length(words),
                longest=LONGEST_HEADER,
            )
    alone = template.header is None and not template.footer and not template.buttons
    longest = LONGEST_BODY_ALONE if alone else LONGEST_BODY
    size = length(put_in(template.body, _of_body(template, given)))
    if size > longest:
        yield Phrase(
            "the body has %(length)s characters with its values: WhatsApp takes %(longest)s",
            length=size,
            longest=longest,
        )
