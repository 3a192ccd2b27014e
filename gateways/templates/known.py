"""The templates of a number, as a gateway tells them to commands and to the desk."""

from __future__ import annotations

from typing import Protocol

import msgspec

from events.inbound import Time
from events.phrases import Phrase
from gateways.templates.template import Template


class TemplatesUnread(Exception):
    """The templates of an account cannot be told; `reason` says what to do.

    - `again`: a later attempt may succeed.
    """

    def __init__(self, reason: Phrase, *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class TemplateUnknown(Exception):
    """There is no such template; the sentence names those that there are."""


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """The templates of a number, by name and language.

    - `at`: the time at which Meta told them.
    - `unread`: the reason for which Meta could not be asked now; empty: it was.
    """

    templates: tuple[Template, ...]
    at: Time
    unread: str = ""

    def find(self, ref: str) -> Template:
        """The template of `name:language`. Raises TemplateUnknown."""
        name, _, language = ref.partition(":")
        languages = [one.language for one in self.templates if one.name == name]
        if language in languages:
            return next(one for one in self.templates if (one.name, one.language) == (name, language))
        if languages:
            raise TemplateUnknown(
                Phrase(
                    "there is no template %(ref)s: %(name)s is there in %(names)s",
                    ref=ref,
                    name=name,
                    names=", ".join(languages),
                )
            )
        hint = (
            Phrase("recado template list shows those that there are")
            if self.templates
            else Phrase("the account has no templates")
        )
        raise TemplateUnknown(Phrase("there is no template %(name)s: %(hint)s", name=name, hint=hint))


class Templates(Protocol):
    """The templates of every account that can be asked for."""

    async def known(self, account: str) -> Known:
        """Those of the account. Raises TemplatesUnread."""
