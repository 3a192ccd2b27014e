"""One chat of a log that is judged by recado's promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chat.broken import MOST_ADOPTIONS
from events.admission import Blocked
from events.decisions import (
    Decision,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    RunStarted,
    ThreadCreated,
    TurnAdopted,
    TurnFailed,
    TurnStarted,
)
from events.inbound import Control, Message
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned
from tests.chaos.violation import Violation


class _Turn:
    """The turn that runs in a chat: who may act in it, who may not any more, and which messages it still has to end."""

    def __init__(self, event: TurnStarted, recorded: Recorded) -> None:
        self.id = event.turn
        self.seq = recorded.seq
        self.messages = event.messages
        self.open = set(event.messages)
        self.unread = set(event.media)
        self.is_retry = event.cause is not None
        self.owner = _incarnation(recorded)
        self.fenced: set[str] = set()
        self.was_told_to_wait = False

    def adopt(self, incarnation: str) -> None:
        if incarnation != self.owner:
            self.fenced.add(self.owner)
        self.fenced.discard(incarnation)
        self.owner = incarnation


class JudgedChat:
    """What came in and what was decided about it, event by event; it adds what is wrong to `violations`."""

    def __init__(self, key: ChatKey, violations: list[Violation]) -> None:
        self.arrived: dict[str, int] = {}
        self._key = key
        self._violations = violations
        self._ended: dict[str, int] = {}
        self._failed: set[str] = set()
        self._controls: dict[str, int] = {}
        self._caused: dict[str, int] = {}
        self._turn: _Turn | None = None
        self._turns: dict[str, int] = {}
        self._replies: dict[str, int] = {}
        self._started_to = 0
        self._answered_to = 0
        self._to_tell: dict[str, int] = {}
        self._to_notify: dict[str, int] = {}

    def complain(self, promise: str, ids: Iterable[str], *seqs: int) -> None:
        self._violations.append(Violation(promise, self._key, tuple(ids), seqs))

    def split_off(self, upto: int) -> JudgedChat:
        """The chat that begins with the erasure of everything up to sequence `upto`: it has what came in later, which
        the decision did not know."""
        new = JudgedChat(self._key, self._violations)
        for mine, its in ((self.arrived, new.arrived), (self._controls, new._controls)):
            its.update((id_, seq) for id_, seq in mine.items() if seq > upto)
            for id_ in its:
                del mine[id_]
        return new

    def came_in(self, recorded: Recorded) -> None:
        match recorded.event:
            case Message(id=id_):
                self.arrived.setdefault(id_, recorded.seq)
            case Unreadable():
                self.arrived.setdefault(f"seq:{recorded.seq}", recorded.seq)
            case Control(id=id_):
                self._controls.setdefault(id_, recorded.seq)

    def decided(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, Unreadable):
            self.complain("a decision cannot be read", (event.detail,), recorded.seq)
            return
        self._obeys(recorded)
        self._is_not_fenced(recorded)
        match event:
            case TurnStarted():
                self._turn_starts(recorded, event)
            case TurnAdopted():
                self._turn_is_adopted(recorded, event)
            case Reply():
                self._reply(recorded, event)
            case TurnFailed():
                self._turn_fails(recorded, event)
            case Ignored(messages=messages):
                self._end(messages, recorded.seq)
                if event.reason == "stop_word":
                    self._to_tell.clear()
                if event.told:
                    self._to_notify[messages[0]] = recorded.seq
            case Paused() | Blocked():  # the person hears nothing of recado about earlier messages
                self._to_tell.clear()
                self._to_notify.clear()
            case MediaRead():
                self._file_is_read(recorded, event)
            case _:
                pass

    def pending(self) -> list[Violation]:
        open_ = {id_: seq for id_, seq in self.arrived.items() if id_ not in self._ended}
        disobeyed = {id_: seq for id_, seq in self._controls.items() if id_ not in self._caused}
        pending = [
            ("messages without an ending", open_),
            ("controls that no decision names", disobeyed),
            ("failed turns whose person was not told", self._to_tell),
            ("ignored messages whose person was not told", self._to_notify),
        ]
        return [Violation(what, self._key, tuple(ids), tuple(ids.values())) for what, ids in pending if ids]

    def _obeys(self, recorded: Recorded) -> None:
        cause = getattr(recorded.event, "cause", None)
        if cause is None:
            return
        if cause not in self._controls:
            self.complain("a decision's cause is not in the log", (cause,), recorded.seq)
        elif cause in self._caused:
            self.complain("a control is obeyed twice", (cause,), self._caused[cause], recorded.seq)
        self._caused.setdefault(cause, recorded.seq)

    def _is_not_fenced(self, recorded: Recorded) -> None:
        """In a turn only its owner acts; a fenced instance decides nothing at all about the chat while it runs."""
        turn, event, by = self._turn, recorded.event, _incarnation(recorded)
        if turn is None or isinstance(event, TurnAdopted):
            return
        if by in turn.fenced:
            self.complain("a fenced incarnation decided", (turn.id, by, recorded.type), turn.seq, recorded.seq)
        elif by != turn.owner and _is_work(event) and not self._sets_aside(turn, event):
            self.complain("an instance worked on another's turn", (turn.id, by, recorded.type), turn.seq, recorded.seq)

    def _sets_aside(self, turn: _Turn, event: Decision | object) -> bool:
        """Whether it ends a turn that was adopted so often that it is not adopted once more."""
        is_broken = isinstance(event, TurnFailed) and event.error.class_ == "broken"
        return is_broken and len(turn.fenced) >= MOST_ADOPTIONS

    def _turn_starts(self, recorded: Recorded, event: TurnStarted) -> None:
        seq = recorded.seq
        if self._turn is not None and event.instead != self._turn.id:
            self.complain("two turns at once", (self._turn.id, event.turn), self._turn.seq, seq)
        self._is_new("turns", self._turns, event.turn, seq)
        if not event.messages:
            self.complain("a turn has no messages", (event.turn,), seq)
        if event.cause is not None:
            self._reopen(event.messages, seq)
        for message in event.messages:
            self._is_open(message, seq)
        self._are_in_order(event.messages, seq)
        if event.cause is None and event.instead is None:
            self._started_to = self._comes_after(self._started_to, "turns out of order", event.messages, seq)
        self._turn = _Turn(event, recorded)

    def _turn_is_adopted(self, recorded: Recorded, event: TurnAdopted) -> None:
        if self._turn is None or self._turn.id != event.turn:
            self.complain("a turn that does not run is adopted", (event.turn,), recorded.seq)
            return
        if event.by != _incarnation(recorded):
            self.complain("a turn is adopted in another's name", (event.turn, event.by), recorded.seq)
        self._turn.adopt(event.by)

    def _reply(self, recorded: Recorded, event: Reply) -> None:
        seq, turn = recorded.seq, self._turn
        self._is_new("replies", self._replies, event.id, seq)
        if (event.account, event.chat) != self._key:
            self.complain("a reply names another chat", (event.account, event.chat), seq)
        if event.author == "system" and turn is not None and event.about == turn.id and event.id == f"{turn.id}.w":
            if event.in_reply_to or turn.was_told_to_wait:
                self.complain("a person was told to wait twice, or as an answer", (turn.id,), turn.seq, seq)
            turn.was_told_to_wait = True
        elif event.author == "system":
            self._apologises(event, seq)
        elif event.author == "assistant":
            if turn is None or turn.id != event.turn or turn.messages != event.in_reply_to:
                self.complain("a reply is not its turn's", (str(event.turn), *event.in_reply_to), seq)
            elif not turn.is_retry:
                done = self._answered_to
                self._answered_to = self._comes_after(done, "replies out of order", event.in_reply_to, seq)
        self._are_in_order(event.in_reply_to, seq)
        self._end(event.in_reply_to, seq)

    def _turn_fails(self, recorded: Recorded, event: TurnFailed) -> None:
        turn = self._turn
        if turn is None or turn.id != event.turn or turn.messages != event.messages:
            self.complain("a turn fails that does not run", (event.turn, *event.messages), recorded.seq)
        if event.told:
            self._to_tell[event.turn] = recorded.seq
        self._failed.update(event.messages)
        self._end(event.messages, recorded.seq)

    def _file_is_read(self, recorded: Recorded, event: MediaRead) -> None:
        """Once for each message of the turn that has one."""
        turn = self._turn
        if turn is None or turn.id != event.turn or event.message not in turn.unread:
            self.complain("a file is read that the turn does not wait for", (event.turn, event.message), recorded.seq)
            return
        turn.unread.discard(event.message)

    def _apologises(self, event: Reply, seq: int) -> None:
        if event.about in self._to_notify and not event.in_reply_to:
            del self._to_notify[event.about]
            return
        if event.about not in self._to_tell or event.in_reply_to:
            self.complain("an apology that is not due", (str(event.about), *event.in_reply_to), seq)
            return
        if next(iter(self._to_tell)) != event.about:
            self.complain("apologies out of order", (str(event.about),), seq)
        del self._to_tell[event.about]

    def _comes_after(self, done: int, promise: str, messages: tuple[str, ...], seq: int) -> int:
        """Up to which arrival it is done after these messages, of which none may have come before `done`."""
        at = [self.arrived[message] for message in messages if message in self.arrived]
        if at and min(at) < done:
            self.complain(promise, messages, done, seq)
        return max([done, *at])

    def _reopen(self, messages: tuple[str, ...], seq: int) -> None:
        for message in messages:
            if message not in self._failed:
                self.complain("a retry of what did not fail", (message,), self._ended.get(message, 0), seq)
            self._failed.discard(message)
            self._ended.pop(message, None)

    def _end(self, messages: tuple[str, ...], seq: int) -> None:
        for message in messages:
            self._is_open(message, seq)
            self._ended.setdefault(message, seq)
            if self._turn is not None:
                self._turn.open.discard(message)
        if self._turn is not None and not self._turn.open:
            self._turn = None

    def _is_open(self, message: str, seq: int) -> None:
        if message not in self.arrived:
            self.complain("a decision names a message that is not in the log", (message,), seq)
        elif message in self._ended:
            self.complain("a message has two endings", (message,), self._ended[message], seq)

    def _are_in_order(self, messages: tuple[str, ...], seq: int) -> None:
        at = [self.arrived[message] for message in messages if message in self.arrived]
        twice = [message for message, times in Counter(messages).items() if times > 1]
        if twice or at != sorted(at):
            self.complain("messages are not named in the order of their arrival, once", messages, seq)

    def _is_new(self, what: str, known: dict[str, int], id_: str, seq: int) -> None:
        if (first := known.setdefault(id_, seq)) != seq:
            self.complain(f"two {what} bear one id", (id_,), first, seq)


def _is_work(event: Decision | object) -> bool:
    """Whether the event is what came of an effect of the turn."""
    if isinstance(event, Reply):
        return event.author == "assistant"
    return isinstance(event, TurnFailed | ThreadCreated | MediaRead | RunStarted | ToolCalled | ToolReturned)


def _incarnation(recorded: Recorded) -> str:
    return recorded.msg_id.rpartition(":")[0]
