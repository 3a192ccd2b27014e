"""The gates that a message passes before its turn: who is answered, and when.

Each gate ends a message as `ignored` with its reason. A person who should know the reason is told the first time.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal, cast

import msgspec
from msgspec.structs import replace

from chat.fold_constants import ONCE
from chat.hours import Hours
from chat.state import Chat, Waiting
from events.reasons import IgnoredReason
from events.subjects import ChatKey

HELP = frozenset({"/help", "/ajuda", "/ayuda"})
RESET = frozenset({"/reset", "/reiniciar"})
"""Commands that a person may write to the bot itself under any settings."""

ME = "me"
"""In `mentions`: the message mentions the business or quotes one of its messages. A gateway writes it."""

LOOP_RESTS = timedelta(minutes=10)
"""Time after the last reply for which a chat of two bots is left alone."""

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of an instance that decide who is answered.

    - `allow`, `block`: JIDs, phone numbers, or beginnings of them that end with `*`.
    - `pairing`: an unknown person gets a code, which the owner approves.
    - `groups`: messages in groups that are answered.
    - `names`: the business's own JIDs, and the names by which people call the bot, as `plain_words` gives them.
    - `per_hour`: messages of one sender that are answered in an hour; 0: any number.
    - `uncounted`: accounts without that limit.
    - `loop_after`: turns in a row at a bot's speed that are answered; 0: any number.
    - `stop_words`, `start_words`: a person ends or begins the answers with them.
    - `hours`: business hours; None: always open.
    """

    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    pairing: bool = False
    groups: Literal["off", "mentioned", "always"] = "always"
    names: tuple[str, ...] = ()
    per_hour: int = 0
    uncounted: frozenset[str] = frozenset()
    loop_after: int = 0
    stop_words: frozenset[str] = frozenset()
    start_words: frozenset[str] = frozenset()
    hours: Hours | None = None

    def of_uncounted(self) -> Gates:
        """The gates of chats in uncounted accounts."""
        return replace(self, per_hour=0)


def silenced(chat: Chat) -> IgnoredReason | None:
    """Reason to answer no message in the chat and to end its running turn (`blocked`, `stopped`), or None."""
    if chat.admission == "blocked":
        return "blocked"
    return "stopped" if chat.stopped else None


def shut_out(chat: Chat, message: Waiting, gates: Gates) -> IgnoredReason | None:
    """Reason to ignore this message (blocked, unapproved, stop word, …), or None to answer it."""
    names = (message.sender, message.group, *message.aliases)
    if silenced(chat) == "blocked" or (gates.block and _named(gates.block, names)):
        return "blocked"
    if (gates.allow or gates.pairing) and chat.admission != "approved" and not _named(gates.allow, names):
        return "unapproved" if gates.pairing else "not_allowed"
    if message.group and gates.groups != "always":
        if gates.groups == "off":
            return "groups_off"
        if not is_addressed(chat, message, gates):
            return "unaddressed"
    return _word(chat, message, gates)


def not_now(chat: Chat, message: Waiting, gates: Gates) -> IgnoredReason | None:
    """Reason to ignore this message at this time (rate limit, bot loop, business hours), or None to answer it."""
    if gates.per_hour and message.count_in_hour > gates.per_hour:
        return "rate_limited"
    is_loop = gates.loop_after and chat.quick >= gates.loop_after and chat.replied is not None
    if is_loop and message.stored - cast(datetime, chat.replied) < LOOP_RESTS:
        return "bot_loop"
    if gates.hours is not None and not gates.hours.are_open(message.stored):
        return "outside_hours"
    return None


def is_addressed(chat: Chat, message: Waiting, gates: Gates) -> bool:
    """True if a message in a group is meant for the bot: it quotes or names it, or chooses what it has just offered."""
    if message.choice is not None:
        return True
    if message.quoted is not None and message.quoted in chat.our_message_ids:
        return True
    if any(name == ME or name in gates.names for name in message.mentions):
        return True
    return bool(message.spoken) and any(_calls(message.spoken, name) for name in gates.names)


def _calls(spoken: str, name: str) -> bool:
    """True if the words call `name`: a number after an `@`, as where the provider tells no mentions, or a name."""
    who, at, _ = name.partition("@")
    if at:
        return who.isdigit() and re.search(rf"@\+?{who}(?!\d)", spoken) is not None
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", spoken) is not None


def is_news(chat: Chat, reason: str, now: datetime, gates: Gates) -> bool:
    """True if the person was never told this reason, or so long ago that they are told again."""
    if reason not in ONCE:
        return True
    last = next((told.at for told in chat.told if told.reason == reason), None)
    if last is None:
        return True
    if reason == "rate_limited":
        return now - last >= timedelta(hours=1)
    if reason == "call":
        return now - last >= timedelta(days=1)
    return reason == "outside_hours" and gates.hours is not None and gates.hours.opened_since(last, now)


def pairing_code(key: ChatKey) -> str:
    """The code that an unknown person gets and the owner approves: six characters, always the same for a chat."""
    digest = blake2b(f"{key.account}/{key.chat}".encode(), digest_size=6).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


def _word(chat: Chat, message: Waiting, gates: Gates) -> IgnoredReason | None:
    said, without_slash = message.said, message.said.removeprefix("/")
    if chat.stopped:
        return "start_word" if {said, without_slash} & gates.start_words else "stopped"
    if not said:
        return None
    if {said, without_slash} & gates.stop_words:
        return "stop_word"
    if said in HELP:
        return "help"
    return "reset" if said in RESET else None


def is_on_list(patterns: Collection[str], jid: str) -> bool:
    """True if the person or the group is on a list of the settings."""
    return _named(patterns, (jid,))


def _named(patterns: Collection[str], names: Collection[str]) -> bool:
    return any(_fits(pattern, name) for pattern in patterns for name in names if name)


def _fits(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern or ("@" not in pattern and name.partition("@")[0] == pattern)
