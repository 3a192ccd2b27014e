"""The chat that an order or a question is about: found by its name in the log, in one account, or refused.

Commands and the desk name a chat by its JID, and the log knows the accounts in which it has events. The same person may
be known in several accounts, and a mistyped number in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import aclosing

from chat.context import readable
from chat.evolve import evolve
from chat.gates import pairing_code
from chat.state import Chat
from events.jid import PHONE, held_since, number_of
from events.joining import Joined
from events.log import EventLog
from events.subjects import ChatKey, decisions_filter
from gateways.names.number_plans import other_forms

Known = Mapping[str, Mapping[str, int]]
"""The accounts in which a chat has events: in each, the number of its events of each type."""

LISTED = 20
"""Accounts that a refusal names."""

_MOST_HOPS = 16

_TRACES = frozenset({"erased", "receipt"})
"""The only events that an erased chat may have: the two decisions, and receipts that came after them."""


class ChatNotMeant(Exception):
    """The name of a chat does not lead to one account; nothing was written.

    - `chat`: the JID.
    - `accounts`: the accounts that know the chat; none if it is known nowhere.
    """

    def __init__(self, chat: str, accounts: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.chat = chat
        self.accounts = accounts


class ChatUnknown(ChatNotMeant):
    """The chat is not known in `account`; None: in no account at all."""

    def __init__(self, chat: str, account: str | None, known: Known) -> None:
        where = f"in account {_shown(account)}" if account is not None else "in any account"
        message = f"nothing is known of {_person(chat)} {where}"
        alive, erased = _alive(known), _erased(known)
        if alive:
            message += f", but in account {_listed((_counted(name, known[name]) for name in alive), ' and ')}"
        elif erased and (account is None or account in erased):
            message += f": the chat was erased in account {_listed(map(_shown, erased), ' and ')}"
        else:
            message += ": check the number"
        super().__init__(chat, alive, message)


class ChatAmbiguous(ChatNotMeant):
    """The chat is known in several accounts, and none of them was named."""

    def __init__(self, chat: str, accounts: tuple[str, ...], known: Known) -> None:
        lines = _listed((_counted(name, known[name]) for name in accounts), "\n  ")
        message = f"{_person(chat)} is known in {len(accounts)} accounts: choose one with --account\n  {lines}"
        super().__init__(chat, accounts, message)


async def find(log: EventLog, chat: str, account: str | None = None, *, erased: bool = False) -> ChatKey:
    """The chat of the person whom any of their names names, as the bus knows it now; see `the_one`. Raises ChatUnknown,
    ChatAmbiguous, LogUnavailable."""
    people, known = await _known(log, chat)
    key = the_one(chat, known, account, erased=erased)
    return people.get(key.account, key)


async def find_all(log: EventLog, chat: str) -> tuple[ChatKey, ...]:
    """The person's chat in every account that knows it. Raises ChatUnknown, LogUnavailable."""
    people, known = await _known(log, chat)
    return tuple(people.get(key.account, key) for key in all_of(chat, known))


async def _known(log: EventLog, chat: str) -> tuple[dict[str, ChatKey], Known]:
    """The chats that are named otherwise, by account; and the accounts that know the person, with the counts of the
    chat there."""
    people, known = dict[str, ChatKey](), dict(await log.known(chat))
    for name in (chat, *other_forms(chat)):
        for account, canonical in (await log.canonical_names(name)).items():
            people.setdefault(account, ChatKey(account, canonical))
        if name != chat:
            for account, types in (await log.known(name)).items():
                if account not in people and not _is_alive(known.get(account, {})):
                    people[account] = ChatKey(account, name)
                    known[account] = types
    for account in (*known, *people):
        key = people.get(account, ChatKey(account, chat))
        if held_since(key.chat) and account not in await log.known(key.chat):
            # Nobody has written from the number since its holder changed it: they are meant.
            key = ChatKey(account, number_of(key.chat) + PHONE)
        key = await _open(log, key)
        people[account] = key
        if key.chat != chat:
            known[account] = (await log.known(key.chat)).get(account, {})
    return people, known


async def _open(log: EventLog, key: ChatKey) -> ChatKey:
    """The chat itself, or the one into which it has closed."""
    for _ in range(_MOST_HOPS):
        closed = await log.last_decision(key, "joined")
        event = closed.event if closed is not None else None
        if not isinstance(event, Joined) or event.into is None:
            break
        key = ChatKey(key.account, event.into)
    return key


async def with_code(log: EventLog, code: str, account: str | None = None) -> tuple[ChatKey, ...]:
    """The chats whose person was told this pairing code and is neither approved nor blocked: one, or none. Raises
    LogUnavailable."""
    keys = [key for key in await log.chats_with("ignored") if account in (None, key.account)]
    alike = [key for key in keys if pairing_code(key) == code.upper()]
    return tuple([key for key in alike if await _waits_for_approval(log, key)])


async def _waits_for_approval(log: EventLog, key: ChatKey) -> bool:
    last, chat = await log.last_decision(key), Chat()
    async with aclosing(log.tail(0, decisions_filter(key))) as tail:
        async for batch in tail:
            for recorded in batch:
                chat = evolve(chat, recorded)
            if last is None or batch[-1].seq >= last.seq:
                break
    return not chat.admission and any(told.reason == "unapproved" for told in chat.told)


def the_one(chat: str, known: Known, account: str | None = None, *, erased: bool = False) -> ChatKey:
    """The chat in `account`, or in the only account that knows it.

    - `erased`: an erased chat counts, where no account knows more of it: a block and a pause outlast erasing.

    Raises ChatUnknown, ChatAmbiguous.
    """
    accounts = _alive(known) or (_erased(known) if erased else ())
    if account is not None:
        accounts = tuple(name for name in accounts if name == account)
    if not accounts:
        raise ChatUnknown(chat, account, known)
    if len(accounts) > 1:
        raise ChatAmbiguous(chat, accounts, known)
    return ChatKey(accounts[0], chat)


def all_of(chat: str, known: Known) -> tuple[ChatKey, ...]:
    """The chat in every account that knows it. Raises ChatUnknown."""
    alive = _alive(known)
    if not alive:
        raise ChatUnknown(chat, None, known)
    return tuple(ChatKey(account, chat) for account in alive)


def _is_alive(types: Mapping[str, int]) -> bool:
    return any(count and type_ not in _TRACES for type_, count in types.items())


def _alive(known: Known) -> tuple[str, ...]:
    return tuple(sorted(account for account, types in known.items() if _is_alive(types)))


def _erased(known: Known) -> tuple[str, ...]:
    there = ((name, types) for name, types in sorted(known.items()) if not _is_alive(types))
    return tuple(name for name, types in there if types.get("erased"))


def _counted(account: str, types: Mapping[str, int]) -> str:
    messages, replies = types.get("in", 0), types.get("reply", 0)
    counts = f"{messages:,} message{'s' * (messages != 1)}, {replies:,} repl{'y' if replies == 1 else 'ies'}"
    return f"{_shown(account)} ({counts})"


def _listed(names: Iterable[str], between: str) -> str:
    first = list(names)
    left = len(first) - LISTED
    return between.join([*first[:LISTED], f"{left:,} more"] if left > 0 else first)


def _shown(account: str) -> str:
    """The name for a terminal: gateways choose it, so it may hold anything."""
    return " ".join(readable(account).split())


def _person(chat: str) -> str:
    return chat.removesuffix("@s.whatsapp.net")
