"""Slots are fair over accounts and then over chats: for any order of calls, and by latencies in virtual time."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.fair_slots import FairSlots
from events.subjects import ChatKey

CHATS = [ChatKey(account, f"{account}{number}") for account in "abc" for number in range(5)]
_MESSAGES = 300
LIMITS = {"": None, "one": 1, "two": 2, "six": 6}

calls = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from(CHATS), st.sampled_from(sorted(LIMITS))),
        st.tuples(st.just("give back"), st.sampled_from(CHATS), st.just("")),
        st.tuples(st.just("share"), st.integers(1, 9), st.integers(1, 3)),
    ),
    max_size=120,
)


class Watched:
    """Slots beside a plain record of what they did, which each step is held against.

    - `running`, `queued`: the profile of each chat, in the order in which they came
    """

    def __init__(self, limit: int) -> None:
        self.slots = FairSlots(limit, keeps_free=True)
        self.limit, self.instances = limit, 1
        self.running: dict[ChatKey, str] = {}
        self.queued: dict[ChatKey, str] = {}
        self.seen: set[str] = set()
        self.limits = dict(LIMITS)

    def take(self, key: ChatKey, profile: str) -> None:
        self.seen.add(key.account)
        if key in self.running:
            assert self.slots.take(key, lambda: None, profile, self.limits[profile])
            return
        if self.queued.get(key, profile) != profile:
            del self.queued[key]
        may = self.may_run(key.account, profile, asking=True)
        got = self.slots.take(key, lambda: self.told(key, profile), profile, self.limits[profile])
        assert got == may
        if got:
            self.queued.pop(key, None)
            self.running[key] = profile
        else:
            self.queued[key] = self.queued.get(key, profile)

    def told(self, key: ChatKey, profile: str) -> None:
        assert self.queued.pop(key) == profile
        self.running[key] = profile

    def give_back(self, key: ChatKey) -> None:
        before = set(self.running)
        self.running.pop(key, None)
        self.queued.pop(key, None)
        self.slots.give_back(key)
        fresh = [started for started in self.running if started not in before]
        if len(fresh) == 1:  # of several, the later ones were chosen in another state
            self.was_in_turn(fresh[0])

    def was_in_turn(self, key: ChatKey) -> None:
        """No account with fewer turns under way could have had the slot, and no chat of this one that came before."""
        profile = self.running.pop(key)
        fewest = min(self.turns(account) for account in {key.account, *(other.account for other in self.open())})
        assert self.turns(key.account) == fewest
        self.running[key] = profile

    def open(self) -> list[ChatKey]:
        return [other for other, profile in self.queued.items() if self.is_open(profile)]

    def turns(self, account: str) -> int:
        return sum(key.account == account for key in self.running)

    def is_open(self, profile: str) -> bool:
        limit = self.limits[profile]
        running = sum(of == profile for of in self.running.values())
        return limit is None or running < max(1, limit // self.instances)

    def may_run(self, account: str, profile: str, *, asking: bool = False) -> bool:
        free = self.limit - len(self.running)
        if free <= 0 or not self.is_open(profile):
            return False
        there = {key.account for key in (*self.running, *self.queued)} | ({account} if asking else set())
        share = max(1, self.limit // max(2, len(there)))
        return len(self.seen) < 2 or self.turns(account) < share or free > math.ceil(math.sqrt(self.limit))

    def holds(self) -> None:
        assert self.slots.taken == len(self.running)
        assert self.slots.waiting == len(self.queued)
        # No slot is free for a chat that waits.
        assert not [key for key, profile in self.queued.items() if self.may_run(key.account, profile)]


@given(limit=st.integers(1, 12), made=calls)
@settings(max_examples=80, deadline=None)
def test_any_order_of_calls(limit: int, made: list[tuple[str, object, object]]) -> None:
    """The limits hold, no free slot waits for anybody, and nothing is left at the end."""
    watched = Watched(limit)
    for call in made:
        match call:
            case ("take", ChatKey() as key, str() as profile):
                full = len(watched.running) >= watched.limit
                before = len(watched.running)
                watched.take(key, profile)
                assert not full or len(watched.running) == before
            case ("give back", ChatKey() as key, _):
                watched.give_back(key)
            case ("share", int() as limit_now, int() as instances):
                watched.limit, watched.instances = max(1, limit_now // instances), instances
                watched.slots.share(limit_now, instances)
        watched.holds()
    # Every chat that waits gets its slot.
    for _ in range(len(CHATS) * 2):
        for key in list(watched.running)[:1]:
            watched.give_back(key)
            watched.holds()
    assert not watched.running
    assert not watched.queued
    assert not watched.slots._accounts
    assert not watched.slots._profiles


@given(limit=st.integers(1, 6), busy=st.integers(1, 6), ends=st.lists(st.integers(0, 5), max_size=40))
@settings(max_examples=100, deadline=None)
def test_an_account_waits_for_one_turn_of_each_other(limit: int, busy: int, ends: list[int]) -> None:
    """While any number of chats of each other account wait: no more than one of each gets a slot before it."""
    slots, started = FairSlots(limit, keeps_free=True), list[ChatKey]()

    def ask(key: ChatKey) -> None:
        if slots.take(key, lambda: started.append(key)):
            started.append(key)

    for number in range(busy):
        for chat in range(20):
            ask(ChatKey(f"busy{number}", str(chat)))
    before = len(started)
    running = list(started)
    quiet = ChatKey("quiet", "q")
    ask(quiet)
    for end in ends:
        if quiet in started:
            break
        ended = running.pop(end % len(running))
        seen = len(started)
        slots.give_back(ended)
        ask(ChatKey(ended.account, f"{ended.chat}'"))
        running += started[seen:]
    others = [key.account for key in itertools.takewhile(lambda key: key != quiet, started[before:])]
    assert len(others) <= busy
    assert len(set(others)) == len(others)


def test_a_profiles_limit_holds_back_no_other() -> None:
    """Chats of one account that are answered by other profiles go on, and so do other accounts."""
    slots, told = FairSlots(10, keeps_free=True), list[str]()

    def ask(account: str, chat: str, profile: str, limit: int | None) -> bool:
        return slots.take(ChatKey(account, chat), lambda: told.append(chat), profile, limit)

    assert ask("a", "a1", "narrow", 1)
    assert not ask("a", "a2", "narrow", 1)
    assert not ask("b", "b1", "narrow", 1)
    assert ask("a", "a3", "wide", None)
    assert ask("b", "b2", "wide", None)
    slots.give_back(ChatKey("a", "a3"))
    assert told == []
    slots.give_back(ChatKey("a", "a1"))
    assert told == ["a2"]  # both accounts have as many turns as the other; its chat waits longer
    assert not ask("b", "b1", "narrow", 2) or told == ["a2", "b1"]
    assert slots.waiting == 0


@pytest.mark.parametrize("busy", ["x", "y"])
def test_profiles_make_no_difference_between_accounts(busy: str) -> None:
    """The account with fewer turns comes first, by whichever profile it is answered."""
    slots, told = FairSlots(4, keeps_free=True), list[str]()
    quiet = "y" if busy == "x" else "x"
    running = [ChatKey("busy", str(number)) for number in range(3)]
    assert slots.take(ChatKey("quiet", "0"), lambda: None, quiet)
    assert [slots.take(key, lambda: None, busy) for key in running] == [True, True, False]
    assert slots.take(ChatKey("quiet", "1"), lambda: None, quiet)
    assert not slots.take(ChatKey("busy", "4"), lambda: told.append("busy"), busy)
    assert not slots.take(ChatKey("quiet", "2"), lambda: told.append("quiet"), quiet)
    slots.give_back(ChatKey("quiet", "1"))
    assert told == ["quiet"]


def test_an_accounts_chats_come_in_their_order_by_any_profile() -> None:
    """First come, first served."""
    slots, told = FairSlots(1, keeps_free=True), list[str]()
    assert slots.take(ChatKey("a", "0"), lambda: None, "z")
    for chat, profile in (("1", "y"), ("2", "x"), ("3", "y"), ("4", "x")):
        assert not slots.take(ChatKey("a", chat), lambda chat=chat: told.append(chat), profile)  # type: ignore[misc]
    for chat in "0123":
        slots.give_back(ChatKey("a", chat))
    assert told == ["1", "2", "3", "4"]


def test_shares_grow_when_an_account_leaves_the_queue() -> None:
    """A chat that was paused while it waited takes its account along, and the others' shares are larger at once."""
    slots, told = FairSlots(6, keeps_free=True), list[str]()
    for number in range(2):
        assert slots.take(ChatKey("a", str(number)), lambda: None)
    assert slots.take(ChatKey("b", "0"), lambda: None, "narrow", 1)
    assert not slots.take(ChatKey("c", "0"), lambda: None, "narrow", 1)
    assert not slots.take(ChatKey("a", "2"), lambda: told.append("a"))
    slots.give_back(ChatKey("c", "0"))
    assert told == ["a"]


def test_a_chat_that_moves_to_another_profile_while_it_waits() -> None:
    """It waits for that one's slots."""
    slots, told = FairSlots(4, keeps_free=True), list[str]()
    assert slots.take(ChatKey("a", "1"), lambda: None, "old", 1)
    assert not slots.take(ChatKey("a", "2"), lambda: told.append("old"), "old", 1)
    assert slots.take(ChatKey("a", "2"), lambda: told.append("new"), "new", 1)
    slots.give_back(ChatKey("a", "1"))
    assert told == []
    assert (slots.taken, slots.waiting) == (1, 0)


def test_one_account_alone_has_every_slot() -> None:
    """A bot with one number notices nothing; with a second account, a part is kept free for it."""
    slots = FairSlots(16, keeps_free=True)
    assert all(slots.take(ChatKey("a", str(number)), lambda: None) for number in range(16))
    for number in range(16):
        slots.give_back(ChatKey("a", str(number)))
    slots.know("b")
    assert [slots.take(ChatKey("a", str(number)), lambda: None) for number in range(16)] == [True] * 12 + [False] * 4
    assert all(slots.take(ChatKey("b", str(number)), lambda: None) for number in range(4))


class Simulation:
    """Turns in virtual time: a quiet account's people write at random, while a busy account's chats always wait."""

    def __init__(self, limit: int, load: float, lasts: Callable[[random.Random], float], *, busy: int) -> None:
        self.slots, self.random = FairSlots(limit, keeps_free=True), random.Random(7)
        self.slots.know("busy")
        self.slots.know("quiet")
        self.lasts, self.now = lasts, 0.0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.waits: list[float] = []
        for number in range(busy):
            self.ask(ChatKey("busy", str(number)))
        due = 0.0
        for number in range(_MESSAGES):
            due += self.random.expovariate(load * limit / 0.3)
            self.at(due, lambda number=number: self.ask(ChatKey("quiet", str(number))))  # type: ignore[misc]

    def at(self, due: float, do: Callable[[], None]) -> None:
        heapq.heappush(self.events, (due, next(self.numbers), do))

    def ask(self, key: ChatKey) -> None:
        came = self.now
        if self.slots.take(key, lambda: self.begin(key, came)):
            self.begin(key, came)

    def begin(self, key: ChatKey, came: float) -> None:
        self.at(self.now + self.lasts(self.random), lambda: self.end(key, came))

    def end(self, key: ChatKey, came: float) -> None:
        self.slots.give_back(key)
        if key.account == "quiet":
            self.waits.append(self.now - came)
        else:
            self.ask(key)

    def p95(self) -> float:
        while len(self.waits) < _MESSAGES:
            self.now, _, do = heapq.heappop(self.events)
            do()
        return sorted(self.waits)[_MESSAGES * 95 // 100]


@pytest.mark.parametrize("limit", [2, 4, 16, 64])
@pytest.mark.parametrize(
    "lasts",
    [lambda _: 0.3, lambda chance: chance.expovariate(1 / 0.3), lambda chance: chance.choice((0.05, 1.3))],
    ids=["all the same", "exponential", "short and long"],
)
@pytest.mark.parametrize("load", [1 / 32, 1 / 8])
def test_a_busy_account_delays_no_other(limit: int, lasts: Callable[[random.Random], float], load: float) -> None:
    """500 chats of one account wait all the time. Another one, which uses up to an eighth of the slots, is answered as
    when it is alone: its p95 is at most 1.3 times that. Equal lengths are the worst case: all turns end together."""
    assert Simulation(limit, load, lasts, busy=500).p95() <= 1.3 * Simulation(limit, load, lasts, busy=0).p95()
