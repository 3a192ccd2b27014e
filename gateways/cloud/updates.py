"""Parts of a webhook, as the parser gives them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from events.account_update import AccountUpdate
from events.inbound import Edit, Message, Receipt, Revoke
from events.subjects import ChatKey


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """An event for the chat of `key`; `raw` is its JSON."""

    key: ChatKey
    event: Message | Edit | Revoke | Receipt
    raw: msgspec.Raw


class News(msgspec.Struct, frozen=True, gc=False):
    """News of accounts; of none that is served, if `accounts` is empty."""

    update: AccountUpdate
    accounts: tuple[str, ...]


class Notice(msgspec.Struct, frozen=True, gc=False):
    """An update that belongs to no message of ours: `what` names the log line, `about` holds its fields."""

    what: str
    about: Mapping[str, object] = {}
    account: str = ""


class Unread(msgspec.Struct, frozen=True, gc=False):
    """Bytes that are no update, with the reason; of an `account`, if they name its number."""

    raw: bytes
    reason: str
    account: str = ""


class Unserved(Unread, frozen=True, gc=False):
    """A change for a `number` that is not served here."""

    number: str = ""


class Renamed(msgspec.Struct, frozen=True, gc=False):
    """A person has the names `now` in place of the `former` ones, since a time; the best known ones come first.

    - `since`: in seconds since 1970.
    - `note`: tells it in the chat.
    """

    former: tuple[str, ...]
    now: tuple[str, ...]
    since: int
    note: Message
    account: str = ""


Update = Arrived | News | Notice | Renamed | Unread
