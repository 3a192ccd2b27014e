"""Judges a log by recado's promises. It knows the events and nothing of the rules that made them.

`judge(events)` gives every violation; a `Checker` fed one event at a time also says what is still pending.
"""

from __future__ import annotations

from collections.abc import Iterable

from events.decisions import Erased
from events.recorded import Recorded, Unknown
from events.subjects import ChatKey
from tests.chaos.judged_chat import JudgedChat
from tests.chaos.violation import Violation


def judge(events: Iterable[Recorded]) -> list[Violation]:
    """Everything that is wrong with a log in which nothing is left to do."""
    checker = Checker()
    for recorded in events:
        checker.take(recorded)
    return checker.violations + checker.pending()


class Checker:
    """Takes the log's events in their order."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._chats: dict[ChatKey, JudgedChat] = {}
        self._decisions: dict[str, int] = {}
        self._last = 0
        self._is_whole = True
        self._erased: set[tuple[ChatKey, str]] = set()
        self._unknown: set[ChatKey] = set()

    def take(self, recorded: Recorded) -> None:
        """The log's next event."""
        assert recorded.seq > self._last, "the log is read in order, each event once"
        self._is_whole &= recorded.seq == self._last + 1
        self._last = recorded.seq
        if isinstance(recorded.event, Erased):
            self._begin_anew(recorded, recorded.event)
            return
        chat = self._chats.setdefault(recorded.key, JudgedChat(recorded.key, self.violations))
        if recorded.side == "i":
            chat.came_in(recorded)
        elif not isinstance(recorded.event, Unknown):
            self._is_single(recorded, chat)
            chat.decided(recorded)

    def pending(self) -> list[Violation]:
        """What has no ending, no apology or no obedience yet; violations once there is nothing left to do."""
        return [one for chat in self._chats.values() for one in chat.pending()]

    def has(self, key: ChatKey, message: str) -> bool:
        """Whether the message came in; of a chat that was erased before all of it was read, nobody knows."""
        chat = self._chats.get(key)
        is_here = chat is not None and message in chat.arrived
        return is_here or key in self._unknown or (key, message) in self._erased

    def _begin_anew(self, recorded: Recorded, event: Erased) -> None:
        """Nothing of the chat before it counts, and nothing may be open. What is gone from the log cannot be judged,
        nor can what it leaves behind: only a log that was whole so far shows what was wrong in the chat."""
        key = recorded.key
        if event.done:
            return
        before = self._chats.setdefault(key, JudgedChat(key, self.violations))
        before.decided(recorded)
        after = before.split_off(event.upto)
        if self._is_whole:
            self.violations += [
                pending._replace(promise=f"erased over {pending.promise}") for pending in before.pending()
            ]
            self._erased.update((key, message) for message in before.arrived)
        else:
            self._unknown.add(key)
            self.violations[:] = [violation for violation in self.violations if violation.key != key]
        self._chats[key] = after

    def _is_single(self, recorded: Recorded, chat: JudgedChat) -> None:
        if not recorded.msg_id:
            chat.complain("a decision bears no id", (recorded.type,), recorded.seq)
        elif (first := self._decisions.setdefault(recorded.msg_id, recorded.seq)) != recorded.seq:
            chat.complain("two decisions bear one id", (recorded.msg_id,), first, recorded.seq)
