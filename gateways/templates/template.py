"""A template of WhatsApp's, as far as a person needs it to send one. Pure.

After https://developers.facebook.com/documentation/business-messaging/whatsapp/templates (overview and components,
read 2026-11-29).
"""

from __future__ import annotations

import re

import msgspec

from events.numbers import whole_number
from events.phrases import Phrase

APPROVED = "APPROVED"
"""The status in which Meta sends a template; it sends none in any other."""

HEADER_FILES = frozenset({"image", "video", "document"})
"""The kinds of header that are a file."""

HEADERS = HEADER_FILES | {"text", "location"}
"""The kinds of header that recado can fill."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")

STATES = {
    "PENDING": "Meta has not approved it yet: wait, mostly a day at most",
    "IN_APPEAL": "Meta has refused it, and your appeal is not decided yet",
    "REJECTED": "Meta has refused it: change it in the WhatsApp Manager, or take another",
    "PAUSED": "Meta has paused it, since people block or report it: wait some hours, or take another",
    "DISABLED": "Meta has disabled it, since people block or report it: make another",
    "ARCHIVED": "it is archived: take it out of the archive in the WhatsApp Manager",
    "LIMIT_EXCEEDED": "the account has too many templates: delete some in the WhatsApp Manager",
    "PENDING_DELETION": "it is being deleted: take another",
    "DELETED": "it is deleted: take another",
}
"""The state of a template that cannot be sent, by Meta's name for it."""

_OTHER_STATE = Phrase("Meta does not let it be sent: see it in the WhatsApp Manager")


class Button(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A button of a template.

    - `kind`: `url`, `quick_reply`, `copy_code`, `otp`, `flow`, `phone_number`, or another of Meta's, in small letters.
    - `text`: its words.
    - `url`: the address of a `url`, perhaps with a variable at its end.
    """

    kind: str
    text: str = ""
    url: str = ""


class Template(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A template in one language.

    - `status`, `category`, `quality`: Meta's words, such as APPROVED, UTILITY and GREEN.
    - `reason`: of a refused one: Meta's word for the reason.
    - `named`: its variables have names; else they are counted from 1.
    - `header`: the kind of its header, in small letters; None: it has none.
    - `header_text`: the words of a `text` header.
    - `body`, `footer`: its words.
    - `beyond`: components that need values which recado cannot give, such as `carousel`.
    """

    name: str
    language: str
    status: str
    category: str = ""
    quality: str = ""
    reason: str = ""
    named: bool = False
    header: str | None = None
    header_text: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        """The name and the language, as people write them."""
        return f"{self.name}:{self.language}"


def variables(text: str) -> tuple[str, ...]:
    """The variables of a text, each once: by their numbers, else in their order."""
    found = tuple(dict.fromkeys(_VARIABLE.findall(text)))
    return found if None in map(whole_number, found) else tuple(sorted(found, key=int))


def put_in(text: str, values: dict[str, str]) -> str:
    """The text with its variables filled; one without a value stays as it is."""
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def unsendable(template: Template) -> Phrase | None:
    """The reason for which WhatsApp would not send the template, or recado cannot; None: it can be sent."""
    if template.status != APPROVED:
        said = Phrase(STATES[template.status]) if template.status in STATES else _OTHER_STATE
        names = ", ".join(word for word in (template.status, template.reason) if word not in ("", "NONE"))
        return Phrase("the template %(ref)s: %(state)s (%(names)s)", ref=template.ref, state=said, names=names or "–")
    if template.beyond:
        return Phrase(
            "the template %(ref)s has parts that recado cannot fill (%(parts)s): take another",
            ref=template.ref,
            parts=", ".join(template.beyond),
        )
    return None
