"""The two profiles by which a chat may be answered at a time: that of its running turn, and that of its next one."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from actors.answering import Answering
from actors.in_flight import InFlight
from actors.instance import Instance
from actors.messages import LookAgain
from chat.commands import (
    Answered,
    Command,
    Failed,
    FallOver,
    HumanAsked,
    MediaSettled,
    RunReady,
    ThreadReady,
    ToolAsked,
    ToolFinished,
)
from chat.pending import pending
from chat.state import Chat
from chat.work import Ask, Due, Effect, TellToWait
from events.subjects import ChatKey

_OF_TURN = (
    ThreadReady
    | MediaSettled
    | RunReady
    | ToolAsked
    | ToolFinished
    | HumanAsked
    | Answered
    | FallOver
    | Failed
    | TellToWait
    | Ask
)


class AnsweredBy(NamedTuple):
    """The answering of a chat.

    - `next`: from its next turn on, by the profile in force.
    - `turn`: in its running turn, by the profile with which that began.
    """

    next: Answering
    turn: Answering

    def of(self, command: Command) -> Answering:
        """The one that decides about the command."""
        return self.turn if isinstance(command, _OF_TURN) else self.next


class ChatProfiles:
    """The profiles by which the chat `key` is answered."""

    __slots__ = ("_finds", "_in_flight", "_instance", "_key")

    def __init__(self, key: ChatKey, instance: Instance, in_flight: InFlight) -> None:
        self._key = key
        self._instance = instance
        self._in_flight = in_flight
        self._finds: str | None = None

    def now(self, chat: Chat) -> AnsweredBy | None:
        """The chat's answering; None: that of its turn has to be found first, which has begun."""
        profiles, turn = self._instance.profiles, chat.turn
        of_next = profiles.of(self._key)
        if turn is None or turn.profile == of_next.profile:
            return AnsweredBy(of_next, of_next)
        of_turn = profiles.named(turn.profile)
        if of_turn is not None:
            return AnsweredBy(of_next, of_turn)
        self._find(turn.profile)
        return None

    def pending(self, chat: Chat, answering: AnsweredBy, now: datetime) -> tuple[Due | Effect, ...]:
        """The pending work of the chat."""
        instance, account = self._instance, self._key.account
        rules = instance.rules_of(answering.next, account)
        instance.note_waiting(self._key, waits=rules.waits and bool(chat.waiting or chat.turn))
        if answering.turn is answering.next:
            return pending(chat, now, rules)
        return pending(chat, now, rules, instance.rules_of(answering.turn, account))

    def _find(self, profile: str) -> None:
        if profile == self._finds:
            return
        self._finds = profile

        def found(_: object) -> LookAgain:
            self._finds = None
            return LookAgain()

        self._in_flight.start(self._instance.profiles.find(profile), found)
