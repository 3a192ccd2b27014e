"""The outcome of an order as the page says it: once, in the answer that the browser is led to.

A cookie of the chat brings it there, so that neither a reload nor a link says it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from console.languages import Translate, translate_of
from console.not_taken import NotTaken
from console.rendering import address_of
from events.decisions import Decision, Ignored
from events.phrases import Phrase
from events.subjects import ChatKey
from projections.story.reasons import EXPLAINED
from projections.story.unchanged import is_unchanged, was

PATH = "/desk/chats"

LASTS = 60
"""Seconds within which the browser has to follow the redirect."""

SAID: dict[str, str] = {
    "Assigned": "It is noted who has the chat.",
    "Labelled": "The labels are changed.",
    "Noted": "Noted. Users alone see it.",
    "Resolved.reopen": "Open again.",
    "Resolved.resolve": "Resolved. A message of the person opens it again.",
    "Resolved.snooze": "Put off. It is open again at its time, or when the person writes.",
    "Approved": "Approved: what is written from now on is answered.",
    "Attention": "A human was asked for.",
    "Blocked": "Blocked: nobody is answered here any more.",
    "Erased": "Erased. What is left of it is being removed.",
    "Paused": "Paused.",
    "Reply": "Sent. The bot is paused here for now.",
    "not_sent": "Not sent: its “why?” tells the reason. The bot is paused here for now.",
    "not_sent_yet": "Your words are stored, not sent yet: no gateway has said that it sent them. The bot is paused "
    "here for now.",
    "sent_in_part": "Sent, but not all of it: its “why?” tells what did not go. The bot is paused here for now.",
    "Reset": "The next message starts a new conversation.",
    "Resumed": "Resumed: the bot answers again.",
    "TurnStarted": "Tried again.",
    "stored": "The order is stored. No instance has obeyed it yet; the next one to run will.",
}
UNCHANGED = "unchanged"
"""The outcome of an order that changed nothing."""

_TAKES_WORDS = frozenset({"Reply", "not_sent", "not_sent_yet", "sent_in_part", "stored"})


class Said(NamedTuple):
    """The outcome of an order in words; `done`: the typed words are no draft any more."""

    text: str
    done: bool


class Refused(NamedTuple):
    """An order that was not taken: `text` says why. The form of this command, and no other, has the order's id and
    fields again; `field` is the wrong one, or empty."""

    text: str
    id: str
    draft: Mapping[str, str] = MappingProxyType({})
    field: str = ""
    command: str = ""


def outcome_of(decision: Decision) -> str:
    """The name of the outcome, for `tell`."""
    if is_unchanged(decision):
        return UNCHANGED
    return type(decision).__name__


def not_done(refusal: Ignored) -> NotTaken:
    """An order that was stored, and that the chat refused: its form comes back with the words."""
    name = refusal.reason
    known = EXPLAINED.get(name)  # type: ignore[call-overload]  # a newer instance has other reasons
    unknown = Phrase("for a reason that this version does not know (%(name)s)", name=name)
    return NotTaken(409, "Not done: %(reason)s.", reason=Phrase(known) if known is not None else unknown)


def tell(answer: Response, key: ChatKey, outcome: str, command: str) -> None:
    """Have the next page of the chat say the outcome."""
    answer.set_cookie(_cookie(key), f"{outcome}.{command}", LASTS, path=PATH, httponly=True, samesite="strict")


def forget(answer: Response, key: ChatKey) -> None:
    """Have no later page say it."""
    answer.delete_cookie(_cookie(key), path=PATH, httponly=True, samesite="strict")


def told(request: Request, key: ChatKey) -> Said | None:
    """The outcome that the page of the chat is to say, if there is one."""
    outcome, _dot, command = request.cookies.get(_cookie(key), "").rpartition(".")
    return said_of(translate_of(request), outcome, command)


def said_of(_: Translate, outcome: str, command: str) -> Said | None:
    """The outcome of an order in words; None: there is none of this name."""
    if outcome == UNCHANGED:
        return Said(_("Nothing changed: %(how)s.", how=_.say(was(command))), done=False)
    text = SAID.get(outcome) or SAID.get(f"{outcome}.{command}")
    if text is None:
        return None
    return Said(_.gettext(text), done=outcome == "Erased" or (command == "send" and outcome in _TAKES_WORDS))


def _cookie(key: ChatKey) -> str:
    return f"said-{sha256(address_of(key).encode()).hexdigest()[:16]}"
