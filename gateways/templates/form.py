"""The values that a template needs, and the part that sends it with them. Pure.

`fields` gives what a form asks for, `filled` the part for its values, or everything that is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from events.parts import ButtonValue, Parameters, Part, faults
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


def filled(template: Template, values: Mapping[str, str], file: Part | None = None) -> Part | tuple[str, ...]:
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
        *(f"it lacks {_said(field)}" for key, field in wanted.items() if field.required and key not in given),
        *(f"{_excess(template, key)}: leave it out" for key in given if key not in wanted),
        *(fault for key, value in given.items() if key in wanted for fault in _value_faults(wanted[key], value)),
    ]
    if file is not None and template.header is not None and file.kind != template.header:
        wrong.append(f"its header is of the kind {template.header}, and the file is of the kind {file.kind}")
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
    """Whether it sends a one-time password, which its body and its button both have."""
    return template.category == "AUTHENTICATION"


def _repeat_code(given: dict[str, str], wanted: Mapping[str, Field]) -> None:
    for key in wanted:
        if key.startswith("button:") and key not in given and "body:1" in given:
            given[key] = given["body:1"]


def _said(field: Field) -> str:
    """The value as it is given on the command line."""
    where, _, name = field.key.partition(":")
    match where:
        case "header":
            return f"the header, a {field.kind}: --header VALUE"
        case "body":
            return f"the variable {name}: --set {name}=VALUE"
        case _:
            return f"the value of button {name}, {field.label}: --button {name}=VALUE"


def _excess(template: Template, key: str) -> str:
    where, _, name = key.partition(":")
    match where:
        case "header":
            return "it has no header that takes a value"
        case "body":
            names = variables(template.body)
            return f"it has no variable {name} ({', '.join(names) if names else 'it has none at all'})"
        case _:
            return f"it has no button {name} that takes a value"


def _value_faults(field: Field, value: str) -> Iterator[str]:
    name = field.key.replace(":", " ")
    if not value.strip():
        yield f"{name} is blank: WhatsApp takes no empty value"
    elif length(value) > field.longest:
        yield f"{name} has {length(value):,} characters: WhatsApp takes {field.longest:,}"
    elif "\n" in value or "\r" in value or "\t" in value or "    " in value:
        yield f"{name} has a line break, a tab or four blanks, which WhatsApp refuses"
    elif field.kind in HEADER_FILES and not is_address(value):
        yield f"{name} is no {field.kind}: give an address that begins with https://, or a file of the library"
    elif field.kind == "location" and place_in(value) is None:
        yield f"{name} is no place: give it as -23.5505,-46.6333,Bakery,Rua Augusta 1"


def is_address(value: str) -> bool:
    """Whether a value is the address of a file, on the web or in the object stores."""
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


def _too_long(template: Template, given: Mapping[str, str]) -> Iterator[str]:
    if template.header == "text":
        words = reading(msgspec.structs.replace(template, body="", footer="", buttons=()), given)
        if length(words) > LONGEST_HEADER:
            yield f"the header has {length(words)} characters with its value: WhatsApp takes {LONGEST_HEADER}"
    alone = template.header is None and not template.footer and not template.buttons
    longest = LONGEST_BODY_ALONE if alone else LONGEST_BODY
    size = length(put_in(template.body, _of_body(template, given)))
    if size > longest:
        yield f"the body has {size:,} characters with its values: WhatsApp takes {longest:,}"
