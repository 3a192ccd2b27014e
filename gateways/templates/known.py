"""The templates of a number, as a gateway tells them to commands and to the desk."""

from __future__ import annotations

from typing import Protocol

import msgspec

from events.inbound import Time
from gateways.templates.template import Template


class TemplatesUnread(Exception):
    """The templates of an account cannot be told; the sentence says what to do.

    - `again`: a later attempt may succeed.
    """

    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(reason)
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
            raise TemplateUnknown(f"there is no template {ref}: {name} is there in {', '.join(languages)}")
        hint = "recado template list shows those that there are" if self.templates else "the account has no templates"
        raise TemplateUnknown(f"there is no template {name}: {hint}")


class Templates(Protocol):
    """The templates of every account that can be asked for."""

    async def known(self, account: str) -> Known:
        """Those of the account. Raises TemplatesUnread."""
