"""Every message with its ending, every reply: `history`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from events.inbound import Edit, Media, Revoke
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, GROUP, NOON, Past


def test_a_message_without_an_ending_is_open(known: Known, past: Past) -> None:
    """A message is there as it came, and open until an event ends it."""
    media = Media(object="o1", mime="image/jpeg", size=3)
    past.message("m1", "look", GROUP, name="Ana", sender=ANA.chat, kind="image", media=media, quoted="m0", at=NOON)
    (entry,) = known.after(past).queries.history(GROUP)
    assert (entry.id, entry.author, entry.text, entry.name, entry.sender) == ("m1", "person", "look", "Ana", ANA.chat)
    assert (entry.kind, entry.quoted, entry.sent_at, entry.at) == ("image", "m0", NOON, past.last.at)
    assert b'"o1"' in bytes(entry.media or b"")
    assert (entry.ending, entry.turn, entry.repeats) == (None, None, 0)


def test_a_reply_ends_its_messages(known: Known, past: Past) -> None:
    """Messages of a turn end with the reply that names them; the reply follows them and names its turn."""
    past.message("m1")
    past.message("m2")
    past.turn("t1", "m1", "m2")
    reply = past.reply("t1", "m1", "m2", text="both", thread="th1", run="r1", backend="chat")
    one, two, answer = known.after(past).queries.history(ANA)
    assert [(entry.ending, entry.ended_seq, entry.turn) for entry in (one, two)] == [("reply", 4, "t1")] * 2
    assert one.ended_at == reply.at
    assert (answer.author, answer.text, answer.in_reply_to, answer.turn) == ("assistant", "both", ("m1", "m2"), "t1")
    assert (answer.thread, answer.run, answer.model, answer.backend) == ("th1", "r1", "small", "chat")
    assert (answer.input_tokens, answer.output_tokens, answer.seq) == (100, 10, reply.seq)


def test_an_ignored_message_has_its_reason(known: Known, past: Past) -> None:
    """An ending without a reply says why."""
    past.message("m1")
    ending = past.ignored("m1", reason="stale")
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.ending, entry.reason, entry.ended_seq, entry.ended_at) == ("ignored", "stale", 2, ending.at)


def test_a_failed_turn_ends_its_messages_with_the_class_of_the_fault(known: Known, past: Past) -> None:
    """A failure is an ending; the apology that follows is a reply about the turn and ends nothing."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1", error="rate_limit")
    past.apology("t1")
    entry, apology = known.after(past).queries.history(ANA)
    assert (entry.ending, entry.reason, entry.ended_seq) == ("turn_failed", "rate_limit", 3)
    assert (apology.author, apology.about, apology.in_reply_to) == ("system", "t1", ())


def test_a_retry_opens_a_failed_message_again(known: Known, past: Past) -> None:
    """After `turn_started` with a cause the message is open; its second ending is the one that counts."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    past.control("c1", "retry")
    past.turn("t2", "m1", cause="c1")
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.ending, entry.reason, entry.ended_seq, entry.ended_at, entry.turn) == (None, None, None, None, "t2")
    past.reply("t2", "m1")
    entry, _ = known.after(past).queries.history(ANA)
    assert (entry.ending, entry.reason, entry.ended_seq) == ("reply", None, 6)


def test_an_operators_words_end_what_they_answer(known: Known, past: Past) -> None:
    """`send` is a reply without a turn."""
    past.message("m1")
    past.control("c1", "send", text="I am Rita")
    past.said("I am Rita", "m1", control="c1")
    entry, reply = known.after(past).queries.history(ANA)
    assert (entry.ending, entry.ended_seq) == ("reply", 3)
    assert (reply.author, reply.turn, reply.cause) == ("operator", None, "c1")


def test_an_edit_and_a_revoke_are_shown_beside_what_was_said(known: Known, past: Past) -> None:
    """The answered text stays, with its later words beside it. Of a deleted message only its existence is shown."""
    past.message("m1", "helo")
    edit = past.happened(Edit(id="e1", of="m1", text="hello"))
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.text, entry.edited, entry.edited_at, entry.revoked_at) == ("helo", "hello", edit.at, None)
    revoke = past.happened(Revoke(id="e2", of="m1"))
    past.happened(Edit(id="e3", of="unheard of", text="?"))
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.text, entry.edited, entry.edited_at, entry.revoked_at) == (None, None, edit.at, revoke.at)


def test_chats_do_not_mix(known: Known, past: Past) -> None:
    """The same ids in other chats, and in a chat of the same name of another account, are other messages."""
    for key in (ANA, BIA, ELSEWHERE):
        past.message("m1", f"of {key.account} {key.chat}", key)
    past.turn("t1", "m1", key=BIA)
    past.reply("t1", "m1", key=BIA)
    known.after(past)
    assert [len(known.queries.history(key)) for key in (ANA, BIA, ELSEWHERE, GROUP)] == [1, 2, 1, 0]
    assert known.queries.history(ANA)[0].ending is None
    assert known.queries.history(ELSEWHERE)[0].text == f"of bakery {ANA.chat}"


def test_pages_of_a_history(known: Known, past: Past) -> None:
    """The newest page is in the order of the log; `before` gives the one before it."""
    for number in range(5):
        past.message(f"m{number}")
    newest = known.after(past).queries.history(ANA, limit=2)
    assert [entry.id for entry in newest] == ["m3", "m4"]
    assert [entry.id for entry in known.queries.history(ANA, limit=2, before=newest[0].seq)] == ["m1", "m2"]


def test_an_id_that_looks_like_another_ids_reply(known: Known, past: Past) -> None:
    """A message may bear any id, also one that a reply of the chat has: both are kept."""
    past.message("c1.r")
    past.control("c1", "send", text="hi")
    past.said("hi", "c1.r", control="c1")
    assert [entry.id for entry in known.after(past).queries.history(ANA)] == ["c1.r", "c1.r"]


def test_any_character_is_kept(known: Known, past: Past) -> None:
    """NUL, quotes, a lone accent, another script: a text and an id come back as they came."""
    text = "a\x00b\x07 \"'; -- ́ 你好 🙂"
    past.message("id\x00'1", text)
    past.turn("t1", "id\x00'1")
    past.reply("t1", "id\x00'1", text=text)
    message, reply = known.after(past).queries.history(ANA)
    assert (message.id, message.text, message.ending, reply.text) == ("id\x00'1", text, "reply", text)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00"])
def test_a_time_that_is_none(known: Known, past: Past, at: str) -> None:
    """A message may claim a time that does not exist in UTC; it is shown with the nearest one."""
    past.message("m1", at=datetime.fromisoformat(at))
    (entry,) = known.after(past).queries.history(ANA)
    assert entry.sent_at is not None
    assert entry.sent_at.year in {1, 9999}


def test_a_message_from_the_future_keeps_its_own_time(known: Known, past: Past) -> None:
    """The message gives the time when it was sent, the log the time when it came."""
    past.message("m1", at=NOON + timedelta(days=400))
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.sent_at, entry.at) == (NOON + timedelta(days=400), past.last.at)
