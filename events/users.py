"""The users of the desk: the people who log in to the page, each with a role and the accounts that they may see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Annotated, Literal, Protocol, get_args

import msgspec
import structlog

from events.log import LogError
from events.phrases import Phrase

Role = Literal["owner", "agent", "viewer"]
"""- `owner`: may do everything.
- `agent`: writes and gives orders in chats, and reads files and documents.
- `viewer`: reads."""

ROLES: tuple[Role, ...] = get_args(Role)
"""From the one that may do most."""

LARGEST = 64 * 1024
"""Bytes of a user as stored: 200 accounts of 256 characters."""

LONGEST_NAME = 64
MOST_ACCOUNTS = 200

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1_024
"""Characters of a password."""


def is_guessed_at_once(password: str) -> bool:
    """True of blanks alone, and of one sign again and again."""
    return len(set(unicodedata.normalize("NFC", password))) == 1 or not password.strip()


_NAME = re.compile(rf"[a-z0-9][a-z0-9._@+-]{{0,{LONGEST_NAME - 1}}}", re.ASCII)

Name = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME.pattern}\Z")]
"""Small ASCII letters, digits, and . _ @ + - alone, so that no name looks like another one."""

Account = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]

log = structlog.get_logger("recado.users")


class User(msgspec.Struct, frozen=True):
    """The user who asks for a page.

    - `name`: `by` of their orders.
    - `accounts`: those that they may see; None: all.
    """

    name: str
    role: Role
    accounts: tuple[str, ...] | None = None

    def sees(self, account: str) -> bool:
        """True if they may see the account."""
        return self.accounts is None or account in self.accounts

    @property
    def acts(self) -> bool:
        """True if they may write and give orders in the chats that they see."""
        return self.role != "viewer"


PAGE = User("page", "owner")
"""The one user of a page that has no users: who opens it on this machine, or knows its password."""

NOBODY = User("", "viewer", ())
"""The user of a request without a login."""

RESERVED = frozenset({"page", "gateway", "retention", "system", "recado"})
"""Names in `by` that are no user's."""


Hash = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\$argon2id\$v=19\$m=[0-9]{1,6},t=[0-9],p=[0-9]\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86})?\Z"
    ),
]


class StoredUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user as the bucket USERS has it.

    - `password`: its argon2id hash, in the form of the reference implementation; empty: the user has none, and is let
      in by the proxy before recado.
    - `logins`: the mark of the sessions that hold; a session that began under another one is over.
    - `at`, `by`: when it was written, and by whom.
    - `more`: fields that only a newer release knows, as JSON. A change keeps them.
    """

    name: Name
    role: Role
    accounts: Annotated[tuple[Account, ...], msgspec.Meta(min_length=1, max_length=MOST_ACCOUNTS)] | None = None
    password: Hash = ""
    logins: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
    at: datetime
    by: Annotated[str, msgspec.Meta(max_length=256)]
    more: tuple[tuple[str, bytes], ...] = ()

    def __post_init__(self) -> None:
        if self.role == "owner" and self.accounts is not None:
            raise ValueError("an owner sees all accounts")

    @property
    def user(self) -> User:
        return User(self.name, self.role, self.accounts)


class Removed(msgspec.Struct, frozen=True):
    """The mark of a removed user: who removed them; empty: a program that does not say."""

    by: str = ""
    removed: bool = False


_FIELDS = frozenset(StoredUser.__struct_fields__) - {"more"}
_documents = msgspec.json.Decoder(dict[str, msgspec.Raw])
_users = msgspec.json.Decoder(StoredUser)
_removals = msgspec.json.Decoder(Removed)


class Takers(msgspec.Struct, frozen=True):
    """The users who may have chats.

    - `everywhere`: the names of those who may in each account.
    - `within`: name and account of the others.
    """

    everywhere: tuple[str, ...] = ()
    within: tuple[tuple[str, str], ...] = ()


class Stored(msgspec.Struct, frozen=True):
    """The users.

    - `seq`: the bucket's last sequence; 0: it is empty.
    - `users`: by name.
    - `unread`: the names of those that this release cannot read, who cannot log in.
    - `removed`: by name, those who were removed.
    """

    seq: int = 0
    users: Mapping[str, StoredUser] = {}
    unread: frozenset[str] = frozenset()
    removed: Mapping[str, Removed] = {}

    def __bool__(self) -> bool:
        """True if there is any user."""
        return bool(self.users or self.unread)

    @property
    def owners(self) -> frozenset[str]:
        return frozenset(name for name, one in self.users.items() if one.role == "owner")

    def takers(self, account: str) -> list[str]:
        """The names of the users who may have chats of the account: those who answer there."""
        return sorted(one.name for one in self.users.values() if one.user.acts and one.user.sees(account))

    @property
    def all_takers(self) -> Takers | None:
        """The users who may have chats, as `may_have` tells; None: any name may."""
        if not self:
            return None
        acting = [one for _, one in sorted(self.users.items()) if one.user.acts]
        return Takers(
            (*(one.name for one in acting if one.accounts is None), *sorted(self.unread)),
            tuple((one.name, account) for one in acting for account in one.accounts or ()),
        )

    def may_have(self, name: str, account: str) -> bool:
        """True if a chat of the account may be given to this name. Without users any name will do; one that this
        release cannot read may be anybody's."""
        return not self or name in self.unread or name in self.takers(account)


class UsersChanged(LogError):
    """The users were changed after they were looked at; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(Phrase("the users were changed at the same moment, and nothing was written: try again"))


class UserBook(Protocol):
    """The users of a bus. Every method but `follow` may raise LogUnavailable."""

    async def look(self) -> Stored:
        """The users as the bucket's leader has them."""

    async def write(self, user: StoredUser, *, expected: int) -> int:
        """Store the user if the bucket's last sequence is `expected`; returns the new one. Raises UsersChanged,
        LogFull."""

    async def remove(self, name: str, by: str, *, expected: int) -> int:
        """Remove the user, by order of `by`, if the bucket's last sequence is `expected`; returns the new one. Raises
        UsersChanged, LogFull."""

    def follow(self) -> AsyncGenerator[Stored, None]:
        """The users, and then those after each change. While the bus is away nothing comes, and afterwards it goes on;
        ends by `aclose`."""

    async def close(self) -> None:
        """Release the bus."""


def name_of(given: str) -> str | None:
    """The name that a person typed or a sign-in told; None if no user can have it. Case makes no difference."""
    name = given.strip(" ")
    if not name.isascii():  # so that no letter of another script becomes one of these
        return None
    name = name.lower()
    return name if _NAME.fullmatch(name) else None


def stored_in(seq: int, bodies: Mapping[str, bytes]) -> Stored:
    """The users of these entries, by name; an empty entry is a removed user."""
    users: dict[str, StoredUser] = {}
    removed: dict[str, Removed] = {}
    unread: list[str] = []
    for name, body in bodies.items():
        try:
            gone = _removals.decode(body) if body else Removed(removed=True)
            if gone.removed:
                removed[name] = gone
                continue
            user = _decoded(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            log.warning("user_unreadable", name=name[:LONGEST_NAME], reason=str(fault), then="they cannot log in")
            unread.append(name)
            continue
        if user.name == name:
            users[name] = user
        else:
            log.warning("user_unreadable", name=name[:LONGEST_NAME], reason="it bears another name", then="left out")
            unread.append(name)
    return Stored(seq, users, frozenset(unread), removed)


def encoded(user: StoredUser) -> bytes:
    """The entry of a user."""
    document = {name: getattr(user, name) for name in StoredUser.__struct_fields__ if name in _FIELDS}
    return msgspec.json.encode(document | {name: msgspec.Raw(value) for name, value in user.more})


def _decoded(body: bytes) -> StoredUser:
    """The user of an entry. Raises what msgspec does."""
    document = _documents.decode(body)
    known = {name: value for name, value in document.items() if name in _FIELDS}
    more = tuple((name, bytes(value)) for name, value in document.items() if name not in _FIELDS)
    return msgspec.structs.replace(_users.decode(msgspec.json.encode(known)), more=more)


def removal(by: str) -> bytes:
    """The entry of a removed user."""
    return msgspec.json.encode(Removed(by, removed=True))
