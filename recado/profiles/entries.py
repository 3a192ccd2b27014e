"""The entries of a profile that say for whom it is: accounts, chats and groups, in their stored form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from events.jid import MalformedJid, from_text, is_group
from events.log import EventLog
from events.phrases import Phrase
from recado.settings.variables import clause_of, name

Kind = Literal["accounts", "chats", "groups"]
KINDS: tuple[Kind, ...] = ("accounts", "chats", "groups")


def entries_of(kind: Kind, given: Sequence[str]) -> tuple[str, ...]:
    """The entries in their stored form, each once. Raises ValueError with a clause about the first wrong one."""
    return tuple(dict.fromkeys(entry_of(kind, one) for one in given))


def entry_of(kind: Kind, given: str) -> str:
    """One entry: an account; or a chat, alone or as `ACCOUNT/CHAT`. Raises ValueError with a clause."""
    if kind == "accounts":
        return _account(given)
    account, slash, chat = given.rpartition("/")
    try:
        jid = from_text(chat)
    except MalformedJid as error:
        raise ValueError(Phrase("in which %(error)s", error=clause_of(error))) from error
    if kind == "groups" and not is_group(jid):
        raise ValueError(Phrase("in which %(text)s is no group (…@g.us): put it under chats", text=repr(given[:60])))
    return f"{_account(account)}/{jid}" if slash else jid


def _account(given: str) -> str:
    try:
        account: str = name().read(given.strip())
    except ValueError as error:
        raise ValueError(
            Phrase("in which %(text)s is an account %(error)s", text=repr(given[:60]), error=clause_of(error))
        ) from error
    return account


async def with_canonical_names(log: EventLog, chats: Sequence[str]) -> tuple[str, ...]:
    """The entries of chats with the names under which people's chats are kept: in an account of its own in place of
    the given one, otherwise beside it. Raises LogUnavailable."""
    found: list[str] = []
    for entry in chats:
        account, _, jid = entry.rpartition("/")
        names = {} if is_group(jid) else await log.canonical_names(jid)
        if account:
            found.append(f"{account}/{names.get(account, jid)}")
        else:
            found += [entry, *(f"{where}/{name}" for where, name in sorted(names.items()))]
    return tuple(dict.fromkeys(found))
