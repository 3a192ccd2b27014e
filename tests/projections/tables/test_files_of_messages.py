"""The file of a message in the history, and as a model is shown it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chat.context import Attachment, Line
from events.decisions import MediaRead, TurnStarted
from events.inbound import Media, Message
from projections.reads.views import reading_of
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, GROUP, Past, undated

NOTE = Media(object="meta:1", mime="audio/ogg; codecs=opus", voice=True)
CAKE = Media(object="meta:2", mime="image/jpeg", filename="cake.jpg")


def turn(past: Past, id_: str, *messages: str) -> None:
    past.happened(TurnStarted(turn=id_, messages=messages, backend="chat", at=past.now, media=messages))


def read(past: Past, id_: str, message: str, form: Any, **fields: Any) -> None:
    past.happened(MediaRead(turn=id_, message=message, form=form, at=past.now, **fields))


def voice(past: Past, id_: str, key: Any = ANA, **fields: Any) -> None:
    past.happened(Message(id=id_, kind="audio", media=NOTE, **fields), key)


def test_a_transcript_is_shown_in_its_turn_and_later(known: Known, past: Past) -> None:
    """Marked as spoken; a rebuild knows it too."""
    voice(past, "m1")
    turn(past, "t1", "m1")
    read(past, "t1", "m1", "text", text="do you have bread?", model="gpt-transcribe")
    reads = known.after(past).reads
    assert undated(reads.lines_of(ANA, ["m1"])) == (Line("user", "[voice message] do you have bread?"),)
    past.reply("t1", "m1", text="Yes.")
    known.after(past)
    assert [line.text for line in known.reads.context(ANA, 20, 0)] == ["[voice message] do you have bread?", "Yes."]
    (entry, _) = known.queries.history(ANA, limit=10)
    reading = reading_of(entry)
    assert reading is not None
    assert (reading.text, reading.model) == ("do you have bread?", "gpt-transcribe")
    assert msgspec.json.decode(msgspec.json.encode(entry))["reading"]["form"] == "text"


def test_a_picture_is_shown_in_its_turn_alone(known: Known, past: Past) -> None:
    """Later there are words in its place."""
    past.happened(Message(id="m1", kind="image", text="how much?", media=CAKE))
    turn(past, "t1", "m1")
    read(past, "t1", "m1", "image")
    (line,) = undated(known.after(past).reads.lines_of(ANA, ["m1"]))
    assert line == Line("user", "[picture]\nhow much?", "", (Attachment("meta:2", "image/jpeg", "cake.jpg"),))
    past.reply("t1", "m1")
    (shown, _) = undated(known.after(past).reads.context(ANA, 20, 0))
    assert shown == Line("user", "[picture, which was shown to you before]\nhow much?")


def test_whose_file_it_is(known: Known, past: Past) -> None:
    """Kind, words and file of a message; nothing of one without, or of another chat's."""
    voice(past, "m1", text="listen")
    past.message("m2", "no file")
    voice(past, "m3", BIA)
    reads = known.after(past).reads
    assert reads.file_of(ANA, "m1") == ("audio", "listen", NOTE)
    assert reads.file_of(ANA, "m2") is None
    assert reads.file_of(ANA, "m3") is None


@pytest.mark.parametrize(("form", "again"), [("text", ()), ("image", ("m1",)), ("nothing", ("m1",)), (None, ("m1",))])
def test_files_that_a_retry_has_to_read(known: Known, past: Past, form: Any, again: tuple[str, ...]) -> None:
    """A file that gave words is not read again; one that may have expired, or could not be read, is."""
    voice(past, "m1")
    past.message("m2", "no file")
    past.happened(Message(id="m3", kind="video", text="look", media=CAKE))
    turn(past, "t1", "m1")
    if form is not None:
        read(past, "t1", "m1", form, text="words" if form == "text" else None)
    assert known.after(past).reads.unread(ANA, ("m1", "m2", "m3")) == again


def test_in_a_group_the_model_is_told_who_spoke(known: Known, past: Past) -> None:
    """As with text."""
    voice(past, "m1", GROUP, name="Ana", sender="5511999990001@s.whatsapp.net")
    past.happened(TurnStarted(turn="t1", messages=("m1",), backend="chat", at=past.now, media=("m1",)), GROUP)
    past.happened(MediaRead(turn="t1", message="m1", form="text", text="olá", at=past.now), GROUP)
    assert undated(known.after(past).reads.lines_of(GROUP, ["m1"])) == (Line("user", "[voice message] olá", "Ana"),)


def test_unreadable_files_are_told(known: Known, past: Past) -> None:
    """The history says why."""
    voice(past, "m1", text="what does she say?")
    turn(past, "t1", "m1")
    read(past, "t1", "m1", "nothing", reason="too_large", detail="17 MB")
    (line,) = known.after(past).reads.lines_of(ANA, ["m1"])
    assert line.text == "[voice message, which could not be opened: it is too large]\nwhat does she say?"
