"""A story: given these events, when this is commanded, then that is decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chat.commands import Command, Facts
from chat.decide import decide
from chat.evolve import evolve
from chat.pending import pending
from chat.state import Chat
from chat.work import Due, Effect, Rules
from events.decisions import TYPE_OF, Decision
from events.inbound import INBOUND, Control, Inbound, Message
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey

KEY = ChatKey("local", "5511999999999@s.whatsapp.net")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ME = "here-1"
SETTING = Rules(ME, "chat", timedelta(hours=24))
_INBOUND_TYPE = {struct: name for name, struct in INBOUND.items()}


def text(id_: str, words: str = "hello", **fields: Any) -> Message:
    return Message(id=id_, text=words, **fields)


def order(id_: str, command: Any, **fields: Any) -> Control:
    return Control(id=id_, command=command, **fields)


class Story:
    """A chat's log, written one event a second from noon on."""

    def __init__(self, rules: Rules = SETTING) -> None:
        self.rules = rules
        self.events: list[Recorded] = []
        self.chat = Chat()
        self.now = NOON
        self._ids = 0

    def given(self, *events: Inbound | Decision | Unreadable, by: str = ME, repeat: bool = False) -> Story:
        """These events are in the log, decisions written by the incarnation `by`."""
        for event in events:
            self.record(event, by=by, repeat=repeat)
        return self

    def record(self, event: Inbound | Decision | Unreadable, by: str = ME, repeat: bool = False) -> Recorded:
        self.now += timedelta(seconds=1)
        decided = TYPE_OF.get(type(event))  # type: ignore[arg-type]
        side, type_ = ("o", decided) if decided else ("i", _INBOUND_TYPE.get(type(event), "in"))  # type: ignore[arg-type]
        seq = len(self.events) + 1
        recorded = Recorded(seq, KEY, side, type_, self.now, f"{by}:{seq}" if decided else "", event, repeat)
        self.events.append(recorded)
        self.chat = evolve(self.chat, recorded)
        return recorded

    def pending(self) -> tuple[Due | Effect, ...]:
        return pending(self.chat, self.now, self.rules)

    def when(self, command: Command, **facts: Any) -> Decision | None:
        """The decision now; it is not in the log yet."""
        return decide(self.chat, command, self.facts(**facts))

    def facts(self, **facts: Any) -> Facts:
        self._ids += 1
        given = {"key": KEY, "at": self.now, "id": f"t{self._ids}", "incarnation": self.rules.incarnation}
        given["last"] = len(self.events)
        return Facts(**{**given, "backend": self.rules.backend, "apology": "Sorry.", **facts})

    def does(self, command: Command, **facts: Any) -> Decision:
        """Decide and record."""
        decision = self.when(command, **facts)
        assert decision is not None, f"{command} leads to nothing"
        self.record(decision)
        return decision

    def works_off_what_is_due(self) -> list[Decision]:
        """Decide everything that is due at once, in its order."""
        done: list[Decision] = []
        while (work := next((w for w in self.pending() if isinstance(w, Due)), None)) is not None:
            done.append(self.does(work))
            assert len(done) < 100, "what is due never ends"
        return done

    def starts_a_turn(self) -> str:
        """From waiting messages to the point where the reply is to be written; the turn's id."""
        from chat.commands import ThreadReady
        from chat.work import CreateThread, EndBurst

        self.does(next(work for work in self.pending() if isinstance(work, EndBurst)))
        for work in self.pending():
            if isinstance(work, CreateThread):
                self.does(ThreadReady(work.turn, work.backend, f"thread-{work.turn}", work.reason))
        assert self.chat.turn is not None
        return self.chat.turn.id
