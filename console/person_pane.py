"""The pane of a chat's person: their names, who has the chat, labels and notes, what messages told, files, turns with
their cost, and the orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from chat.spending import cost_of
from chat.unseen import shown_name
from console.access import may_order, user_of
from console.deps import Deps
from console.languages import Translate, translate_of
from console.wording import cost, person
from events.inbound import Media
from events.parts import Part
from events.subjects import ChatKey
from events.usage import TokenUsage
from gateways.names.number_plans import other_forms
from projections.reads.costs import costed, total
from projections.reads.person import PersonView, Thing
from projections.reads.views import ChatView, Entry, TurnView

MOST = 10
"""Things, files and turns that are shown."""

SNOOZES = (60, 180, 1440, 4320, 10080)
"""Minutes for which a chat may be put off."""

PAUSES = (30, 480)
"""Minutes for which a chat may be paused."""


class Name(NamedTuple):
    """A name of the person: its kind in words, and the name as people write it."""

    what: str
    name: str


class Told(NamedTuple):
    """Something that a message told: its kind in words; the words; the message's sequence and time."""

    what: str
    words: str
    seq: int
    at: datetime


class ChatFile(NamedTuple):
    """A file that was exchanged: its address below that of the chat; its kind; its name, if it has one; whether the
    person sent it."""

    address: str
    part: Part
    name: str
    came: bool
    seq: int
    at: datetime


class Turned(NamedTuple):
    """A turn, the model that wrote its reply, and the most that it may have cost; None: that is not known."""

    turn: TurnView
    model: str
    cost: Decimal | None


async def person_of(request: Request, deps: Deps, key: ChatKey, view: ChatView) -> dict[str, Any]:
    """The values of the template."""
    _, user = translate_of(request), user_of(request)
    found = await deps.read(deps.queries.person, key, MOST)
    notes = await deps.read(deps.queries.notes, key)
    files = list(_files(found.files))
    return {
        "user": user,
        "may": lambda command: may_order(user, command),
        "names": list(_names(_, deps, key, found)),
        "users": _users(deps, key.account, view.assigned),
        "is_user": deps.entrance.stored.may_have(view.assigned or "", key.account),
        "notes": notes[::-1],
        "told_things": [one for thing in found.things for one in _told(_, thing)][:MOST],
        "chat_files": files[:MOST],
        "more_files": max(0, len(files) - MOST),
        "turns": [_turned(deps, turn, model) for turn, model in found.turns],
        "can_retry": not view.paused and any(turn.state == "failed" for turn, _model in found.turns),
        "cost": cost(_, total(costed(found.usage, deps.prices))) if found.usage else "",
        "tokens": sum(one.input_tokens + one.output_tokens for one in found.usage),
        "snoozes": [(minutes, _lasting(_, minutes)) for minutes in SNOOZES],
        "pauses": [(minutes, _lasting(_, minutes)) for minutes in PAUSES],
    }


def _names(_: Translate, deps: Deps, key: ChatKey, found: PersonView) -> Iterator[Name]:
    """Every name of the person, the chat's own first."""
    for name in dict.fromkeys((key.chat, *deps.family(key.account, key.chat), *found.names)):
        server = name.rpartition("@")[2]
        if server == "s.whatsapp.net":
            is_form = name in other_forms(key.chat)
            yield Name(_("The same number, written otherwise") if is_form else _("Number"), person(name))
        elif server == "g.us":
            yield Name(_("Group"), name)
        else:
            yield Name({"lid": "LID", "bsuid": "BSUID"}.get(server, server), name.removesuffix(f"@{server}"))


def _users(deps: Deps, account: str, assigned: str | None) -> Sequence[str]:
    """The users who may have the chat; who has it is one of them in any case."""
    those = deps.entrance.stored.takers(account)
    return sorted({*those, *([assigned] if assigned else [])}) if those else those


def _told(_: Translate, thing: Thing) -> Iterator[Told]:
    """The things that a message told, each in words."""
    told, seq, at = thing.told, thing.seq, thing.at
    if told.referral is not None:
        referral = told.referral
        words = ", ".join(word for word in (referral.headline, referral.url or referral.source_id) if word)
        what = _("Came from an ad") if referral.source == "ad" else _("Came from a post")
        yield Told(what, words, seq, at)
    if told.product is not None:
        words = ", ".join(word for word in (told.product.id, told.product.catalog) if word)
        yield Told(_("Asked about the product"), words, seq, at)
    if told.choice is not None:
        yield Told(_("Chose"), told.choice.title or told.choice.id or "–", seq, at)
    if told.location is not None:
        place = told.location
        degrees = f"{place.latitude}, {place.longitude}" if place.latitude is not None else None
        yield Told(_("Sent the place"), ", ".join(one for one in (place.name, place.address, degrees) if one), seq, at)
    for name, value in (told.answers or {}).items():
        yield Told(name, value if isinstance(value, str) else msgspec.json.encode(value).decode(), seq, at)


def _files(lines: Sequence[Entry]) -> Iterator[ChatFile]:
    """The files of these lines."""
    for line in lines:
        if line.media is not None:
            media = msgspec.json.decode(line.media, type=Media)
            part = Part(kind=line.kind or "document", voice=media.voice)
            yield ChatFile(
                f"/media/{line.seq}", part, shown_name(media.filename) or "", not line.from_me, line.seq, line.at
            )
        for number, part in enumerate(line.parts, 1):
            if part.object is not None:
                yield ChatFile(
                    f"/parts/{line.seq}/{number}", part, shown_name(part.filename) or "", False, line.seq, line.at
                )


def _turned(deps: Deps, turn: TurnView, model: str) -> Turned:
    used = TokenUsage.of(turn.input_tokens, turn.output_tokens, 0, 0)
    return Turned(turn, model, cost_of(model, used, deps.prices) if model else None)


def _lasting(_: Translate, minutes: int) -> str:
    """A time of whole minutes, hours or days."""
    if minutes % 1440 == 0:
        return _.ngettext("%(num)s day", "%(num)s days", minutes // 1440)
    if minutes % 60 == 0:
        return _.ngettext("%(num)s hour", "%(num)s hours", minutes // 60)
    return _.ngettext("%(num)s minute", "%(num)s minutes", minutes)
