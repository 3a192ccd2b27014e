"""A message with a file: it is read first, once, and the outcome is an event."""

from __future__ import annotations

import pytest

from chat.attachments import LONGEST_PAST, FileRead, shown
from chat.commands import Answered, Failed, MediaSettled, RunReady, ThreadReady
from chat.context import Attachment
from chat.work import Adopt, Apologise, CreateThread, EndBurst, Notify, Obey, ReadMedia, Refuse, WriteReply
from events.admission import Blocked
from events.decisions import Decision, Ignored, MediaRead, Paused, Reply, TurnFailed, TurnStarted
from events.inbound import Media, Message
from events.usage import TokenUsage
from tests.chat.story import NOON, Story, order, text

NOTE = Media(object="meta:1", mime="audio/ogg; codecs=opus", voice=True)
SCAN = Media(object="meta:2", mime="application/pdf", filename="bill.pdf")
SORRY = "I cannot open this."


def voice(id_: str, caption: str | None = None, **fields: object) -> Message:
    return Message(id=id_, kind="audio", text=caption, media=NOTE, **fields)  # type: ignore[arg-type]


def burst_ends(story: Story, **facts: object) -> TurnStarted:
    started = story.does(next(work for work in story.pending() if isinstance(work, EndBurst)), **facts)
    assert isinstance(started, TurnStarted)
    return started


def test_the_file_is_read_before_anything_else() -> None:
    """The turn names the messages with files; only their reading is pending until all are read."""
    story = Story().given(voice("m1"), text("m2"), voice("m3"))
    turn = burst_ends(story)
    assert turn.media == ("m1", "m3")
    assert story.pending() == (ReadMedia(turn.turn, 4, "m1"), ReadMedia(turn.turn, 4, "m3"))
    story.does(MediaSettled(turn.turn, "m3", "text", "three"))
    assert story.pending() == (ReadMedia(turn.turn, 4, "m1"),)
    story.does(MediaSettled(turn.turn, "m1", "text", "one"))
    (work,) = story.pending()
    assert isinstance(work, CreateThread)
    story.does(ThreadReady(work.turn, work.backend, "thread-1", work.reason))
    (work,) = story.pending()
    assert isinstance(work, WriteReply)
    assert work.turn.read_at == 6


def test_a_reading_counts_once_and_outlives_a_crash() -> None:
    """A second outcome decides nothing. An incarnation that adopts the turn reads only the unread files."""
    story = Story().given(voice("m1"), voice("m2"))
    turn = burst_ends(story).turn
    read = story.does(MediaSettled(turn, "m1", "text", "one", model="gpt-transcribe", usage=TokenUsage(20, 3)))
    assert isinstance(read, MediaRead)
    assert (read.text, read.model) == ("one", "gpt-transcribe")
    assert story.when(MediaSettled(turn, "m1", "text", "another")) is None
    story.rules = type(story.rules)("there-1", "chat", story.rules.stale_after)
    assert story.pending() == (Adopt(turn),)
    story.works_off_what_is_due()
    assert [work.message for work in story.pending() if isinstance(work, ReadMedia)] == ["m2"]


def test_the_cost_of_a_transcript_is_counted() -> None:
    """The reply's usage is that of all requests of the turn."""
    story = Story().given(voice("m1"))
    turn = burst_ends(story).turn
    story.does(MediaSettled(turn, "m1", "text", "one", usage=TokenUsage(20, 3)))
    (work,) = story.pending()
    assert isinstance(work, CreateThread)
    story.does(ThreadReady(work.turn, work.backend, "thread-1", work.reason))
    reply = story.does(Answered(turn, "hi", "model", None, TokenUsage(5, 1)))
    assert isinstance(reply, Reply)
    assert reply.usage == TokenUsage(25, 4)


def test_nothing_but_a_file_that_cannot_be_read() -> None:
    """The message ends as ignored with the reason, no model is asked, and the person is told."""
    story = Story().given(voice("m1"))
    turn = burst_ends(story).turn
    story.does(MediaSettled(turn, "m1", "nothing", reason="too_large", bare=True))
    assert story.pending() == (Refuse(("m1",), "too_large"),)
    ignored = story.does(Refuse(("m1",), "too_large"), words={"unreadable": SORRY})
    assert isinstance(ignored, Ignored)
    assert ignored.told
    assert story.pending() == (Notify("m1", "too_large"),)
    told = story.does(Notify("m1", "too_large"), words={"unreadable": SORRY})
    assert isinstance(told, Reply)
    assert (told.text, told.author, told.about) == (SORRY, "system", "m1")
    assert story.pending() == ()


@pytest.mark.parametrize("other", [text("m2", "what does she say?"), voice("m2", "listen to this")])
def test_a_file_that_cannot_be_read_beside_words(other: Message) -> None:
    """The words are left to answer: the model is asked, and told which file could not be opened."""
    story = Story().given(voice("m1"), other)
    turn = burst_ends(story).turn
    for work in story.pending():
        assert isinstance(work, ReadMedia)
        story.does(MediaSettled(turn, work.message, "nothing", reason="file_unreadable", bare=work.message == "m1"))
    assert isinstance(story.pending()[0], CreateThread)


def test_a_file_that_could_not_be_read_because_the_provider_was_away() -> None:
    """The turn fails as any other, and a retry reads the unread files."""
    story = Story().given(voice("m1"), voice("m2"))
    turn = burst_ends(story).turn
    story.does(MediaSettled(turn, "m1", "text", "one"))
    assert isinstance(story.does(Failed(turn, "unreachable", "no route")), TurnFailed)
    story.works_off_what_is_due()
    story.given(again := order("again", "retry"))
    started = story.does(Obey(again, story.chat.orders[0].seq), failed=("m1", "m2"), unread=("m2",))
    assert isinstance(started, TurnStarted)
    assert (started.messages, started.media) == (("m1", "m2"), ("m2",))


@pytest.mark.parametrize(
    ("message", "reason", "told"),
    [
        (Message(id="m", kind="video", media=NOTE), "unsupported_kind", True),
        (Message(id="m", kind="image"), "unsupported_kind", True),
        (Message(id="m", kind="location"), "unsupported_kind", True),
        (Message(id="m", kind="unsupported", unsupported="poll_creation"), "unsupported_kind", True),
        (Message(id="m", kind="unsupported", unsupported_code=131060), "unsupported_kind", True),
        (Message(id="m", kind="unsupported"), "unsupported_kind", False),
        (Message(id="m", kind="unsupported", unsupported="edit", unsupported_code=131051), "unsupported_kind", False),
        (Message(id="m", kind="unsupported", unsupported="request_welcome"), "unsupported_kind", False),
        (Message(id="m", kind="unsupported", unsupported="a type of tomorrow"), "unsupported_kind", False),
        (Message(id="m", kind="hologram", text="hi"), "unsupported_kind", False),
        (Message(id="m", kind="sticker", media=NOTE), "unsupported_kind", False),
        (Message(id="m", kind="reaction", text="👍"), "reaction", False),
        (Message(id="m", kind="call"), "call", False),
        (Message(id="m", kind="poll", text="red"), "poll", False),
        (Message(id="m", kind="system", text="the number changed"), "system", False),
        (voice("m", from_me=True), "from_me", False),
    ],
)
def test_kinds_that_are_not_answered(message: Message, reason: str, told: bool) -> None:
    """A person is told of content that they sent, at the end of the burst; of anything else they hear nothing."""
    story = Story().given(message)
    assert story.pending() == ((EndBurst(1, 1),) if told else (Refuse(("m",), reason),))
    ignored = story.does(
        story.pending()[0], words={"unreadable": SORRY} | ({} if reason == "call" else {reason: SORRY})
    )
    assert isinstance(ignored, Ignored)
    assert (ignored.reason, ignored.told) == (reason, told)


@pytest.mark.parametrize("kind", ["video", "image", "unsupported", "reaction", "sticker"])
@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (Paused(until=None, at=NOON), "paused"),
        (Paused(until=None, at=NOON, reason="taken_over"), "taken_over"),
        (Blocked(at=NOON), "blocked"),
    ],
)
def test_a_fault_is_looked_at_last(before: Decision, reason: str, kind: str) -> None:
    """In a chat that is paused, with a human or blocked, a video without a word is ignored for that, silently."""
    story = Story().given(before, Message(id="m", kind=kind, unsupported="view_once"))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.reason, ignored.told) == (reason, False)


def test_content_beside_text_is_one_answer() -> None:
    """The model is told of the video in the same turn: no apology comes beside its answer."""
    story = Story().given(Message(id="m1", kind="video", media=SCAN), text("m2", "do you like it?"))
    started = burst_ends(story)
    assert started.messages == ("m1", "m2")
    assert started.media == ()


def test_a_burst_of_content_is_one_word() -> None:
    story = Story().given(*[Message(id=f"m{n}", kind="video", media=SCAN) for n in range(5)])
    ignored = story.does(EndBurst(1, 5), words={"unreadable": SORRY})
    assert isinstance(ignored, Ignored)
    assert ignored.messages == ("m0", "m1", "m2", "m3", "m4")
    assert story.pending() == (Notify("m0", "unsupported_kind"),)


@pytest.mark.parametrize(
    "ending", [Paused(until=None, at=NOON, reason="taken_over"), Blocked(at=NOON), Paused(until=NOON, at=NOON)]
)
def test_a_word_that_was_not_said_in_time_is_not_said(ending: Decision) -> None:
    """A human has the chat now, or nobody may be heard in it: the notice and the apology are forgotten."""
    story = Story().given(Message(id="m1", kind="video", media=SCAN))
    story.does(EndBurst(1, 1), words={"unreadable": SORRY})
    story.given(ending)
    assert not [work for work in story.pending() if isinstance(work, Notify | Apologise)]
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Failed(turn, "unreachable", "no route"))
    assert story.pending() == (Apologise(turn),)
    story.given(ending)
    assert not [work for work in story.pending() if isinstance(work, Notify | Apologise)]


@pytest.mark.parametrize(
    "message",
    [
        voice("m"),
        Message(id="m", kind="image", media=SCAN),
        Message(id="m", kind="document", media=SCAN),
        Message(id="m", kind="video", text="look", media=SCAN),
        Message(id="m", kind="location", text="Location: 1, 2"),
        Message(id="m", kind="contact", text="Contact: Bob, +55 11"),
    ],
)
def test_kinds_that_are_answered(message: Message) -> None:
    """Files by their content; a video by its caption; a place and a contact as text."""
    assert Story().given(message).pending() == (EndBurst(1, 1),)


def test_two_reasons_are_two_words() -> None:
    """The word about the first message is said before the second is refused."""
    story = Story().given(Message(id="m1", kind="video"))
    story.does(EndBurst(1, 1), words={"unreadable": SORRY})
    story.given(text("m2", ""))
    assert story.pending()[0] == Notify("m1", "unsupported_kind")


def test_an_empty_text_says_nothing() -> None:
    """Without a text nothing is promised."""
    story = Story().given(Message(id="m1", kind="video"))
    ignored = story.does(EndBurst(1, 1))
    assert isinstance(ignored, Ignored)
    assert not ignored.told
    assert story.pending() == ()


def test_a_thread_keeping_backend_starts_its_run_after_reading() -> None:
    """A run that was started reads nothing again."""
    story = Story(type(Story().rules)("here-1", "responses", Story().rules.stale_after, True))
    turn = burst_ends(story.given(voice("m1"))).turn
    story.does(MediaSettled(turn, "m1", "text", "one"))
    (work,) = story.pending()
    assert isinstance(work, CreateThread)
    story.does(ThreadReady(work.turn, work.backend, "thread-1", work.reason))
    story.does(RunReady(turn, "run-1", 1))
    assert not any(isinstance(work, ReadMedia) for work in story.pending())


@pytest.mark.parametrize(
    ("kind", "media", "reading", "now", "later"),
    [
        ("audio", NOTE, FileRead("text", "olá"), "[voice message] olá", "[voice message] olá"),
        ("image", SCAN, FileRead("image"), "[picture]", "[picture, which was shown to you before]"),
        (
            "document",
            SCAN,
            FileRead("text", "x" * 3000),
            f"[document bill.pdf:]\n{'x' * 3000}\n[end of the document]",
            f"[document bill.pdf, which begins:]\n{'x' * LONGEST_PAST} …",
        ),
        (
            "document",
            SCAN,
            FileRead("file"),
            "[document bill.pdf]",
            "[document bill.pdf, which was shown to you before]",
        ),
        ("video", SCAN, None, "[video, which cannot be opened here]", "[video, which cannot be opened here]"),
        (
            "audio",
            NOTE,
            FileRead("nothing", reason="too_large"),
            "[voice message, which could not be opened: it is too large]",
            "[voice message, which could not be opened: it is too large]",
        ),
    ],
)
def test_a_model_is_told_of_a_file(kind: str, media: Media, reading: FileRead | None, now: str, later: str) -> None:
    """In its turn and in history; a caption follows. The file itself is shown in its turn only."""
    assert shown(kind, "", media, reading, past=False)[0] == now
    assert shown(kind, "look", media, reading, past=True) == (f"{later}\nlook", ())
    attached = shown(kind, "", media, reading, past=False)[1]
    as_it_is = reading is not None and reading.form in ("image", "file")
    assert attached == ((Attachment("meta:2", "application/pdf", "bill.pdf"),) if as_it_is else ())
