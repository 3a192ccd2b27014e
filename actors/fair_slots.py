"""Slots that limit the turns under way at once, and the queue of the chats that wait for one: fair over accounts."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

import msgspec

from events.subjects import ChatKey


class _Waiting(msgspec.Struct):
    """A chat in the queue.

    - `came`: its number in the order in which chats came.
    - `tell`: called when it gets a slot.
    """

    came: int
    tell: Callable[[], None]


class _Account(msgspec.Struct):
    """An account with turns under way or chats that wait.

    - `running`: turns under way.
    - `queues`: the chats that wait, by profile, each first come first served. (A plain dict finds its first entry by
      passing over all that were deleted before it.)
    """

    running: int = 0
    queues: dict[str, OrderedDict[ChatKey, _Waiting]] = msgspec.field(default_factory=dict)


class _Profile(msgspec.Struct):
    """A profile with turns under way or chats that wait.

    - `limit`: turns at once, on all instances; None: any number.
    - `running`: turns under way.
    - `accounts`: the accounts with chats that wait, by the number of their turns under way. Of those with as many, the
      first has waited longest since it had so many; it bears the lowest number.
    """

    limit: int | None = None
    running: int = 0
    accounts: dict[int, OrderedDict[str, int]] = msgspec.field(default_factory=dict)


class FairSlots:
    """At most `limit` turns at once, and of each profile at most its own limit.

    A free slot goes to the account with the fewest turns under way; of several, to the one that has waited longest; and
    in an account to the chat that came first. Every chat is in the queue once, with all its messages that came
    meanwhile: a chat with many messages gets no more turns than the others.

    A turn under way is not interrupted. With `keeps_free`, so that no account waits for the end of another's turn,
    the square root of the limit (4 of 16, 23 of 512) is kept free of accounts that have their share (the limit, divided
    by the accounts that there are). An instance that knows one account alone keeps none free.

    Each call takes the same time for any number of chats and accounts; it grows with the profiles that wait, and with
    the profiles of one account.
    """

    def __init__(self, limit: int, *, keeps_free: bool) -> None:
        self._keeps_free = keeps_free
        self._limit = limit
        self._of_all = limit  # on all instances
        self._kept_free = _root(limit) if keeps_free else 0
        self._instances = 1
        self._taken: dict[ChatKey, str] = {}  # the profile of each turn
        self._queued: dict[ChatKey, str] = {}  # the profile of each chat that waits
        self._accounts: dict[str, _Account] = {}
        self._profiles: dict[str, _Profile] = {}
        self._known = ""  # the first account that was seen
        self._is_shared = False  # whether there was a second one
        self._number = 0

    @property
    def taken(self) -> int:
        return len(self._taken)

    @property
    def waiting(self) -> int:
        return len(self._queued)

    def is_waiting(self, key: ChatKey) -> bool:
        """True if the chat is in the queue."""
        return key in self._queued

    def share(self, limit: int, instances: int) -> None:
        """Set this instance's limit to an equal share of `limit`, at least one slot; so it is with profiles' limits."""
        self._instances = max(1, instances)
        self._of_all, self._limit = limit, max(1, limit // self._instances)
        self._kept_free = _root(self._limit) if self._keeps_free else 0
        self._hand_out()

    def know(self, account: str) -> None:
        """Note that there is such an account."""
        self._known = self._known or account
        self._is_shared = self._is_shared or account != self._known

    def take(self, key: ChatKey, tell: Callable[[], None], profile: str = "", limit: int | None = None) -> bool:
        """True if the chat has a slot now. If not, it joins the queue, and `tell` is called when it gets a slot.

        - `profile`: the profile by which the chat is answered.
        - `limit`: the profile's limit of turns at once, on all instances; None: it has none.
        """
        if key in self._taken:
            return True
        if limit is None or limit >= self._of_all:
            profile, limit = "", None  # profiles without a limit of their own wait in one line
        self.know(key.account)
        if (before := self._queued.get(key)) is not None and before != profile:
            self._leave_queue(key)
        self._set_limit(profile, limit)
        if key in self._taken:
            return True
        account = self._accounts.setdefault(key.account, _Account())
        if self._is_open(profile) and self._has_slot_for(account.running):
            self._start(key, profile)
            return True
        queue = account.queues.get(profile)
        if queue is None:
            queue = account.queues[profile] = OrderedDict()
            self._line_up(key.account, account, profile, self._next())
        queue[key] = _Waiting(queue[key].came if key in queue else self._next(), tell)
        self._queued[key] = profile
        return False

    def give_back(self, key: ChatKey) -> None:
        """Take the chat's slot back, or its place in the queue."""
        if (profile := self._taken.pop(key, None)) is not None:
            self._profiles[profile].running -= 1
            self._count(key.account, -1)
            self._forget(key.account, profile)
            self._hand_out()
        elif key in self._queued:
            self._leave_queue(key)
            self._hand_out()  # with fewer accounts, the others have larger shares

    def _hand_out(self) -> None:
        told = list[Callable[[], None]]()
        while (found := self._next_in_turn()) is not None:
            key, profile = found
            told.append(self._accounts[key.account].queues[profile][key].tell)
            self._leave_queue(key)
            self._start(key, profile)
        for tell in told:
            tell()

    def _next_in_turn(self) -> tuple[ChatKey, str] | None:
        """The chat that gets the next slot, and its profile; None if no chat may have one."""
        best: tuple[int, int, int] | None = None
        found: tuple[ChatKey, str] | None = None
        for profile, name in self._waiting_profiles():
            running = min(profile.accounts)
            first, since = next(iter(profile.accounts[running].items()))
            key, waiting = next(iter(self._accounts[first].queues[name].items()))
            turn = (running, since, waiting.came)
            if best is None or turn < best:
                best, found = turn, (key, name)
        return found if best is not None and self._has_slot_for(best[0]) else None

    def _waiting_profiles(self) -> Iterator[tuple[_Profile, str]]:
        if len(self._taken) >= self._limit:
            return
        for name, profile in self._profiles.items():
            if profile.accounts and self._is_open(name):
                yield profile, name

    def _has_slot_for(self, running: int) -> bool:
        """True if an account with so many turns under way may have one more."""
        free = self._limit - len(self._taken)
        if free <= 0 or not self._is_shared:
            return free > 0
        share = max(1, self._limit // max(2, len(self._accounts)))
        return running < share or free > self._kept_free

    def _is_open(self, name: str) -> bool:
        """True if the profile's limit allows one more turn."""
        profile = self._profiles[name]
        return profile.limit is None or profile.running < max(1, profile.limit // self._instances)

    def _set_limit(self, name: str, limit: int | None) -> None:
        profile = self._profiles.setdefault(name, _Profile())
        if profile.limit != limit:
            profile.limit = limit
            self._hand_out()

    def _start(self, key: ChatKey, profile: str) -> None:
        self._taken[key] = profile
        self._profiles.setdefault(profile, _Profile()).running += 1
        self._count(key.account, 1)

    def _count(self, name: str, more: int) -> None:
        """Count a turn of the account, and line it up at its new place."""
        account = self._accounts.setdefault(name, _Account())
        for profile in account.queues:
            self._fall_out(name, account, profile)
        account.running += more
        number = self._next()
        for profile in account.queues:
            self._line_up(name, account, profile, number)

    def _line_up(self, name: str, account: _Account, profile: str, number: int) -> None:
        self._profiles[profile].accounts.setdefault(account.running, OrderedDict())[name] = number

    def _fall_out(self, name: str, account: _Account, profile: str) -> None:
        line = self._profiles[profile].accounts
        del line[account.running][name]
        if not line[account.running]:
            del line[account.running]

    def _leave_queue(self, key: ChatKey) -> None:
        profile = self._queued.pop(key)
        account = self._accounts[key.account]
        del account.queues[profile][key]
        if not account.queues[profile]:
            self._fall_out(key.account, account, profile)
            del account.queues[profile]
        self._forget(key.account, profile)

    def _forget(self, name: str, profile: str) -> None:
        """Forget an account and a profile without turns and without chats that wait."""
        account, of = self._accounts[name], self._profiles[profile]
        if not account.running and not account.queues:
            del self._accounts[name]
        if not of.running and not of.accounts:
            del self._profiles[profile]

    def _next(self) -> int:
        self._number += 1
        return self._number


def _root(limit: int) -> int:
    """The square root, rounded up."""
    return math.isqrt(limit - 1) + 1 if limit > 1 else 1
