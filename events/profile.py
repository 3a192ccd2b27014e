"""Profiles: documents that decide how chats are answered, and for which accounts, chats and groups.

The stream PROFILES keeps every version. A chat without a profile is answered by the instance's own settings, which are
called `default`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec

from events.inbound import Time
from events.jid import is_group
from events.phrases import Phrase
from events.read_back import read_back
from events.subjects import ChatKey

DEFAULT = "default"
"""The name of the instance's own settings; no profile bears it."""

LARGEST = 64 * 1024
"""Bytes of a profile."""

DEEPEST = 8
"""Levels of lists and tables in a setting."""

MOST_ENTRIES = 5_000
"""Entries of one of the three lists."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

ProfileName = Annotated[str, msgspec.Meta(pattern=f"^{NAME.pattern}\\Z", max_length=64)]
_ONE_LINE = r"\A[^\x00-\x1f\x7f-\x9f]*\Z"
Entry = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=_ONE_LINE)]
Entries = Annotated[tuple[Entry, ...], msgspec.Meta(max_length=MOST_ENTRIES)]
Field = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ProfileUnreadable(ValueError):
    """The bytes are no profile that this release can read, for `reason`."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a profile.

    - `name`: never `default`.
    - `n`: counts the versions of this name, from 1.
    - `at`, `by`: when it was written, and by whom.
    - `accounts`: the accounts whose chats it is for.
    - `chats`: the chats that it is for: `ACCOUNT/JID`, or `JID` in every account.
    - `groups`: the same, for JIDs of groups.
    - `settings`: JSON values by the field of recado's Settings; also fields that only a newer release knows.
    - `removed`: this version ended the profile.
    - `more`: fields of the document that only a newer release knows. They are kept and shown, not applied.
    """

    name: ProfileName
    n: Annotated[int, msgspec.Meta(ge=1)]
    at: Time
    by: Annotated[str, msgspec.Meta(max_length=200, pattern=_ONE_LINE)] = ""
    accounts: Entries = ()
    chats: Entries = ()
    groups: Entries = ()
    settings: Annotated[dict[Field, Any], msgspec.Meta(max_length=500)] = {}
    removed: bool = False
    more: dict[str, Any] = {}

    @property
    def ref(self) -> str:
        """The name of this version, as turns bear it."""
        return f"{self.name}@{self.n}"


_encoder = msgspec.json.Encoder()
_FIELDS = frozenset(Profile.__struct_fields__) - {"more"}


def encoded(profile: Profile) -> bytes:
    """The document as JSON. Raises ProfileUnreadable if it is too large, too deep, or holds a value of no JSON type."""
    document = msgspec.structs.asdict(profile)
    document = {**document.pop("more"), **document}
    if profile.name == DEFAULT:
        raise ProfileUnreadable(
            Phrase("%(default)s is the name of the instances' own settings: choose another name", default=DEFAULT)
        )
    if not _is_shallow((profile.settings, profile.more), DEEPEST + 2):
        raise ProfileUnreadable(Phrase("it has more than %(deepest)s levels of lists and tables", deepest=DEEPEST))
    try:
        body = _encoder.encode({name: value for name, value in document.items() if name not in _LEFT_OUT or value})
        msgspec.convert(document, Profile)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProfileUnreadable(read_back(str(error))) from error
    _check_size(body)
    return body


def _check_size(body: bytes) -> None:
    if len(body) > LARGEST:
        raise ProfileUnreadable(
            Phrase("it has %(number)s bytes; a profile has at most %(largest)s", number=len(body), largest=LARGEST)
        )


_LEFT_OUT = frozenset({"by", "accounts", "chats", "groups", "settings", "removed"})
"""Fields that are not written where they are empty."""


def decoded(body: bytes) -> Profile:
    """The profile in `body`. Raises ProfileUnreadable."""
    _check_size(body)
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
        known = {name: value for name, value in document.items() if name in _FIELDS}
        more = {name: value for name, value in document.items() if name not in _FIELDS}
        profile = msgspec.convert({**known, "more": more}, Profile)
    except (ValueError, RecursionError) as error:
        raise ProfileUnreadable(read_back(str(error))) from error
    if profile.name == DEFAULT:
        raise ProfileUnreadable(Phrase("no profile is named %(default)s", default=DEFAULT))
    if not _is_shallow((profile.settings, profile.more), DEEPEST + 2):
        raise ProfileUnreadable(Phrase("it has more than %(deepest)s levels of lists and tables", deepest=DEEPEST))
    return profile


def _is_shallow(value: Any, levels: int) -> bool:
    inner: Iterable[Any]
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return True
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in inner)


class InForce:
    """The newest version of each profile that is not removed, with an index of its accounts, chats
    and groups.

    - `profiles`: by name.
    """

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self.profiles: Mapping[str, Profile] = {one.name: one for one in profiles if not one.removed}
        self._chats: dict[str, Profile] = {}
        self._groups: dict[str, Profile] = {}
        self._accounts: dict[str, Profile] = {}
        # Where two claim an entry, which no command writes, the name that comes first in the alphabet has it.
        for _, profile in sorted(self.profiles.items(), reverse=True):
            self._chats.update(dict.fromkeys(profile.chats, profile))
            self._groups.update(dict.fromkeys(profile.groups, profile))
            self._accounts.update(dict.fromkeys(profile.accounts, profile))

    def selected(self, key: ChatKey) -> Profile | None:
        """The profile of a chat, the most specific that there is; None: the instance's own settings."""
        own = f"{key.account}/{key.chat}"
        found = self._chats.get(own) or self._chats.get(key.chat)
        if found is None and is_group(key.chat):
            found = self._groups.get(own) or self._groups.get(key.chat)
        return found or self.of_account(key.account)

    def of_account(self, account: str) -> Profile | None:
        """The profile of the account's chats that have none of their own; None: the instance's own settings."""
        return self._accounts.get(account)


NONE_IN_FORCE = InForce()


class Clash(msgspec.Struct, frozen=True, order=True):
    """An entry that several profiles claim.

    - `list`: accounts, chats or groups.
    - `names`: the profiles.
    """

    list: str
    entry: str
    names: tuple[str, ...]


def clashes(profiles: Iterable[Profile]) -> list[Clash]:
    """The entries that more than one of the profiles, of which none is removed, claims."""
    claims: dict[tuple[str, str], set[str]] = {}
    for profile in profiles:
        if not profile.removed:
            for which in ("accounts", "chats", "groups"):
                for entry in getattr(profile, which):
                    claims.setdefault((which, entry), set()).add(profile.name)
    return sorted(
        Clash(which, entry, tuple(sorted(names))) for (which, entry), names in claims.items() if len(names) > 1
    )
