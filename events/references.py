"""The things that a person's message refers to, beside the message that it quotes; each with a bound."""

from __future__ import annotations

from typing import Annotated

import msgspec

Words = Annotated[str, msgspec.Meta(max_length=4096)]
Label = Annotated[str, msgspec.Meta(max_length=1024)]
Address = Annotated[str, msgspec.Meta(max_length=2048)]
_Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

Answer = (
    Words
    | _Number
    | float
    | bool
    | None
    | Annotated[tuple[Label | _Number | float | bool | None, ...], msgspec.Meta(max_length=100)]
)
"""A field of a form: one value, or those that the person chose."""

Answers = Annotated[dict[Annotated[str, msgspec.Meta(max_length=256)], Answer], msgspec.Meta(max_length=100)]
"""A filled form by the names of its fields."""

ONCE, MANY_TIMES = 1, 2
Forwarded = Annotated[int, msgspec.Meta(ge=0, le=MANY_TIMES)]
"""0: the person wrote it; 1: forwarded; 2: forwarded many times."""


class Choice(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A choice that the person tapped.

    - `id`: the id that the sender of the choices gave it.
    - `title`: its words on the screen.
    - `source`: button, list, template or flow.
    """

    id: Label | None = None
    title: Label | None = None
    source: Label = "button"


class Referral(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An advertisement or a post that led the person to the chat.

    - `source`: ad or post.
    - `source_id`: its id at Meta.
    - `url`: its address.
    - `headline`, `body`: its words.
    - `click_id`: the id of the click (ctwa_clid).
    """

    source: Label | None = None
    source_id: Label | None = None
    url: Address | None = None
    headline: Label | None = None
    body: Words | None = None
    click_id: Label | None = None


class Product(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A product that the message asks about: the id of its `catalog`, and its own `id` there."""

    catalog: Label | None = None
    id: Label | None = None


class Location(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A place: degrees as they were sent, its name and its address."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    name: Label | None = None
    address: Address | None = None
