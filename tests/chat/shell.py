"""Any steps of a chat, and a shell that takes them and does the work that is pending."""

from __future__ import annotations

from datetime import UTC, time, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from chat.commands import Answered, Command, Failed, FallOver, MediaSettled, ThreadReady
from chat.erasing import PastRemoved
from chat.evolve import evolve
from chat.gates import Gates
from chat.hours import Hours, Span
from chat.state import Chat
from chat.work import CreateThread, Due, Erase, Obey, ReadMedia, Resume, Rules, WriteReply
from events.decisions import MediaRead, TurnFailed, TurnStarted
from events.inbound import Control, Edit, Media, Message, Revoke
from events.recorded import Unreadable
from events.usage import TokenUsage
from tests.chat.story import KEY, Story, order, text

WORDS = {
    "unreadable": "I cannot read this.", "stop_word": "Good bye.", "rate_limited": "Slowly!", "reset": "Anew.",
    "help": "Write.", "unapproved": "Your code is {code}.", "outside_hours": "Closed.",
}  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("message"),
            st.sampled_from(["hello", "", "stale", "bytes", "mine", "voice", "video", "sticker", "group", "mention"]),
        ),
        st.tuples(st.just("message"), st.sampled_from(["stop", "start", "/reset", "/help"])),
        st.tuples(st.just("repeat"), st.integers(0, 30)),
        st.tuples(
            st.just("order"),
            st.sampled_from(
                [
                    "pause",
                    "pause a while",
                    "resume",
                    "reset",
                    "send",
                    "inform",
                    "retry",
                    "erase",
                    "handoff",
                    "block",
                    "approve",
                    "assign",
                    "label",
                    "note",
                    "resolve",
                    "reopen",
                    "snooze",
                ]
            ),
        ),
        st.tuples(st.sampled_from(["edit", "revoke", "early edit", "early revoke"]), st.integers(0, 30)),
        st.tuples(st.just("work"), st.sampled_from([True, False, None])),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 3700])),
    ),
    max_size=40,
)


def sent(id_: str, what: str, story: Story) -> Message:
    match what:
        case "stale":
            return text(id_, at=story.now - timedelta(days=2))
        case "mine":
            return text(id_, from_me=True)
        case "voice":
            return Message(id=id_, kind="audio", media=Media(object=f"meta:{id_}"))
        case "video" | "sticker":
            return Message(id=id_, kind=what)
        case "group" | "mention":
            mentions = ("5511977777777@s.whatsapp.net",) if what == "mention" else ()
            return text(id_, group=True, sender="5511888888888@s.whatsapp.net", mentions=mentions)
        case words:
            return text(id_, words)


GATES = Gates(stop_words=frozenset({"stop"}), start_words=frozenset({"start"}), per_hour=9, loop_after=2)
ANY_GATES = st.builds(
    Gates,
    allow=st.sampled_from([(), (KEY.chat,), ("5511*",), ("4930*",)]),
    block=st.sampled_from([(), ("5511888888888",), ("55*",)]),
    pairing=st.booleans(),
    groups=st.sampled_from(["off", "mentioned", "always"]),
    names=st.just(("5511977777777@s.whatsapp.net",)),
    per_hour=st.sampled_from([0, 2]),
    loop_after=st.sampled_from([0, 1]),
    stop_words=st.just(frozenset({"stop"})),
    start_words=st.just(frozenset({"start"})),
    hours=st.sampled_from([None, Hours(tuple(Span(day, time(12), time(12, 1)) for day in range(7)), UTC)]),
)


class Shell:
    """Does the pending work, as an actor would, with a backend that answers or fails on demand."""

    def __init__(self, gates: Gates = GATES) -> None:
        self.incarnations = 1
        self.gates = gates
        self.story = Story(self.rules)

    @property
    def rules(self) -> Rules:
        half_an_hour = timedelta(minutes=30)
        rules = Rules(f"here-{self.incarnations}", "chat", timedelta(hours=24), has_fallback=True)
        return replace(rules, takeover=half_an_hour, gates=self.gates, acknowledge="👀")

    def step(self, kind: str, value: Any) -> None:  # noqa: C901, PLR0912 - a table
        story, number = self.story, len(self.story.events) + 1
        match kind, value:
            case "message", "bytes":
                story.given(Unreadable("unreadable", "no JSON"))
            case "message", what:
                story.given(sent(f"m{number}", what, story))
            case "repeat", index:
                known = [event.event for event in story.events if isinstance(event.event, Message | Control)]
                if known:
                    story.given(known[index % len(known)], repeat=True)
            case "edit" | "revoke", index:
                messages = [event.event.id for event in story.events if isinstance(event.event, Message)]
                if messages:
                    of, id_ = messages[index % len(messages)], f"e{number}"
                    story.given(Edit(id=id_, of=of, text="anew") if kind == "edit" else Revoke(id=id_, of=of))
            case "early edit" | "early revoke", ahead:
                of, id_ = f"m{number + 1 + ahead % 4}", f"e{number}"
                story.given(Edit(id=id_, of=of, text="anew") if kind == "early edit" else Revoke(id=id_, of=of))
            case "order", "pause a while":
                story.given(order(f"c{number}", "pause", until=story.now + timedelta(minutes=30)))
            case "order", "snooze":
                story.given(order(f"c{number}", "snooze", until=story.now + timedelta(minutes=30)))
            case "order", "label":
                story.given(order(f"c{number}", "label", add=(f"l{number % 3}",), remove=(f"L{number % 2}",)))
            case "order", "assign":
                story.given(order(f"c{number}", "assign", to=("ana", None)[number % 2]))
            case "order", command:
                named = "send" if command == "inform" else command
                story.given(order(f"c{number}", named, text="by hand", takeover=command != "inform"))
            case "work", succeeds:
                self.work(succeeds=succeeds)
            case "crash", _:
                self.crash()
            case "wait", seconds:
                story.now += timedelta(seconds=seconds)

    def crash(self) -> None:
        """All memory is lost; another incarnation folds the log from its beginning."""
        self.incarnations += 1
        self.story.rules = self.rules
        self.story.chat = Chat()
        for event in self.story.events:
            self.story.chat = evolve(self.story.chat, event)

    def work(self, *, succeeds: bool | None = True) -> bool:
        """One step of the pending work; False if there is none (or only a pause has to run out). `succeeds` is None if
        the first model fails, and the second is to answer."""
        story = self.story
        todo = story.pending()
        work = next((w for w in todo if isinstance(w, Due)), None) or next(
            (w for w in todo if not isinstance(w, Resume) or w.at <= story.now), None
        )
        command: Command
        match work:
            case None:
                return False
            case WriteReply(turn) if succeeds is None and not turn.fallback:
                command = FallOver(turn.id, "timeout")
            case WriteReply(turn) if succeeds:
                command = Answered(turn.id, "words", "model", None, TokenUsage(), fallback=turn.fallback)
            case WriteReply(turn):
                command = Failed(turn.id, "timeout", "no answer")
            case CreateThread(turn, _, backend, reason):
                command = ThreadReady(turn, backend, f"th-{turn}", reason)
            case ReadMedia(turn, _, message) if succeeds:
                command = MediaSettled(turn, message, "text", "words")
            case ReadMedia(turn, _, message):
                command = MediaSettled(turn, message, "nothing", reason="too_large", bare=True)
            case Erase(seq):
                command = PastRemoved(seq, 1, 0, 0, ())
            case _:
                command = work
        facts: dict[str, Any] = {"id": f"t{len(story.events)}", "words": WORDS}
        if isinstance(command, Obey) and command.control.command == "retry":
            facts["failed"] = self.failed()
            facts["unread"] = self.unread(facts["failed"])
        decision = story.when(command, **facts)
        assert decision is not None, f"{command} was pending and led to nothing"
        story.record(decision, by=story.rules.incarnation)
        return True

    def failed(self) -> tuple[str, ...]:
        """The messages of the last failed turn that were not reopened."""
        failed: tuple[str, ...] = ()
        for recorded in self.story.events:
            if isinstance(recorded.event, TurnFailed):
                failed = recorded.event.messages
            elif isinstance(recorded.event, TurnStarted) and recorded.event.messages == failed:
                failed = ()
        return failed

    def unread(self, messages: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the messages whose file is not read yet."""
        events = [recorded.event for recorded in self.story.events]
        voices = {event.id for event in events if isinstance(event, Message) and event.kind == "audio"}
        heard = {event.message for event in events if isinstance(event, MediaRead) and event.form == "text"}
        return tuple(message for message in messages if message in voices - heard)

    def finish(self) -> None:
        for _ in range(500):
            if not self.work():
                return
        raise AssertionError("the work never ends")
