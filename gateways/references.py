"""The things that a message refers to, made of what providers send: texts are cut to their bounds."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from events.references import Answers, Choice, Location, Product, Referral

_LABEL, _ADDRESS, _WORDS = 1024, 2048, 4096
_FIELDS, _CHOSEN, _NAME = 100, 100, 256


def choice(id_: str | None, title: str | None, source: str) -> Choice | None:
    """A tapped choice; None if it says nothing."""
    return Choice(id=_cut(id_), title=_cut(title), source=source) if id_ or title else None


def referral(
    *,
    source: str | None = None,
    source_id: str | None = None,
    url: str | None = None,
    headline: str | None = None,
    body: str | None = None,
    click_id: str | None = None,
) -> Referral | None:
    """The advertisement or post; None if nothing is known of it."""
    found = Referral(
        source=_cut(source),
        source_id=_cut(source_id),
        url=_cut(url, _ADDRESS),
        headline=_cut(headline),
        body=_cut(body, _WORDS),
        click_id=_cut(click_id),
    )
    return found if found != Referral() else None


def product(catalog: str | None, id_: str | None) -> Product | None:
    """The product; None without its id."""
    return Product(catalog=_cut(catalog), id=_cut(id_)) if id_ else None


def location(latitude: float | None, longitude: float | None, name: str | None, address: str | None) -> Location | None:
    """The place; a point that is not on the Earth is left out. None if nothing is left."""
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        latitude = longitude = None
    found = Location(latitude=latitude, longitude=longitude, name=_cut(name), address=_cut(address, _ADDRESS))
    return found if found != Location() else None


def answers(raw: str | None) -> Answers | None:
    """The fields of a filled form, a JSON object; None if it is none. A nested value becomes JSON text."""
    try:
        form = msgspec.json.decode(raw or "")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not isinstance(form, dict):
        return None
    return {name[:_NAME]: _answer(value) for name, value in list(form.items())[:_FIELDS]} or None


def _answer(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(one, _LABEL) for one in value[:_CHOSEN])
    return _plain(value, _WORDS)


def _plain(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()[:longest]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)[:longest]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cut(text: str | None, longest: int = _LABEL) -> str | None:
    if not text:
        return None
    return text if len(text) <= longest else text[:longest]
