"""What a model is shown of the things that a message refers to: looked up in the history, the same before a commit."""

from __future__ import annotations

from typing import Any

import pytest

from chat.context import Line
from chat.references import Referring
from events.decisions import Erased, MediaRead
from events.inbound import Edit, Media, Message, Receipt, Revoke
from events.references import Choice, Location
from projections.reads.actor_reads import ChatReads
from projections.uncommitted import UncommittedMessages
from tests.projections.conftest import Known
from tests.projections.past import ANA, GROUP, Past, undated

BIA = "5511999990002@s.whatsapp.net"


def shown(known: Known, past: Past, *, key: Any = ANA) -> str:
    """The last message, read from the file; before its commit it reads the same."""
    last = past.last
    fresh = UncommittedMessages()
    assert isinstance(last.event, Message)
    known.projection.apply([one for one in past.events if one.seq < last.seq])
    fresh.add([last])
    (early,) = ChatReads(known.reader, fresh).lines_of(key, [last.event.id])
    (line,) = known.after(past).reads.lines_of(key, [last.event.id])
    assert early == line
    return line.text


def test_a_quote_of_ones_own_message(known: Known, past: Past) -> None:
    past.message("m1", "rye?")
    past.message("m2", "this one", quoted="m1")
    assert shown(known, past) == "[quotes their own message: “rye?”]\nthis one"


def test_a_quote_of_our_reply(known: Known, past: Past) -> None:
    """By the id that the provider gave to the message, however old it is."""
    past.message("m1", "rye?")
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="Rye is 4 €")
    past.happened(Receipt(id="c1", reply="t1.r", state="accepted", provider_id="wamid.9"))
    past.happened(Receipt(id="c1", reply="t1.r", state="read", provider_id="wamid.9"))
    for number in range(30):
        past.answered(number + 10)
    past.message("m2", "this one", quoted="wamid.9")
    assert shown(known, past) == "[quotes what you said: “Rye is 4 €”]\nthis one"


@pytest.mark.parametrize(
    ("fields", "whose"),
    [
        ({"part": 2, "parts": 3}, "part 2 of 3 of what you said"),
        ({"template": "sorry"}, "the template sorry, which was sent instead of what you said"),
    ],
)
def test_a_quote_of_a_part_or_a_template(known: Known, past: Past, fields: dict[str, Any], whose: str) -> None:
    past.message("m1", "rye?")
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="long words")
    past.happened(Receipt(id="c1", reply="t1.r", state="sent", provider_id="wamid.9", **fields))
    past.message("m2", "this one", quoted="wamid.9")
    assert shown(known, past) == f"[quotes {whose}: “long words”]\nthis one"


def test_a_quote_in_its_newest_words_or_of_a_deleted_message(known: Known, past: Past) -> None:
    past.message("m1", "rye?")
    past.happened(Edit(id="e1", of="m1", text="oat?"))
    past.message("m2", "this one", quoted="m1")
    assert shown(known, past) == "[quotes their own message: “oat?”]\nthis one"
    past.happened(Revoke(id="v1", of="m1"))
    past.message("m3", "this one", quoted="m1")
    assert shown(known, past) == "[quotes their own message, which was deleted since]\nthis one"


def test_a_quote_of_a_voice_message(known: Known, past: Past) -> None:
    """By its transcript."""
    past.happened(Message(id="m1", kind="audio", media=Media(object="o", voice=True)))
    past.turn("t1", "m1")
    past.happened(MediaRead(turn="t1", message="m1", form="text", at=past.now, text="have you rye"))
    past.reply("t1", "m1")
    past.message("m2", "so?", quoted="m1")
    assert shown(known, past) == "[quotes their own message: “[voice message] have you rye”]\nso?"


def test_a_quote_that_is_not_known(known: Known, past: Past) -> None:
    past.message("m2", "this one", quoted="of last year")
    assert shown(known, past) == "[quotes an earlier message, which is not known here]\nthis one"


def test_a_group(known: Known, past: Past) -> None:
    """Quotes and mentions name people, as they last called themselves."""
    past.message("m0", "old", GROUP, sender="99887766@lid", name="B.")
    past.message("m1", "oat!", GROUP, sender="99887766@lid", name="Bia")
    past.message("m2", "@99887766 rye", GROUP, sender=ANA.chat, name="Ana", quoted="m1", mentions=("99887766@lid",))
    assert shown(known, past, key=GROUP) == "[quotes what Bia said: “oat!”]\n@Bia rye"


def test_reactions_are_context_of_the_next_turn(known: Known, past: Past) -> None:
    """In every mode: a thread that has the conversation lacks the reaction alone."""
    past.answered(1)
    past.happened(Receipt(id="c1", reply="t1.r", state="accepted", provider_id="wamid.9"))
    answered = past.last.seq
    past.happened(Message(id="m2", kind="reaction", text="👍", quoted="wamid.9"))
    past.ignored("m2", reason="reaction")
    known.after(past)
    reaction = Line("user", "[reacted with 👍, to what you said: “answer 1”]")
    assert undated(known.reads.context(ANA, 20, 0))[-1] == reaction
    assert undated(known.reads.context(ANA, 20, 0, answered)) == (reaction,)


def test_words_that_the_fields_alone_have(known: Known, past: Past) -> None:
    """As outside programs may write them; the search finds them too."""
    past.happened(Message(id="m1", kind="button", choice=Choice(id="r", title="Rye bread", source="list")))
    assert shown(known, past) == "Rye bread"
    past.happened(Message(id="m2", kind="location", location=Location(latitude=37.4611978, longitude=-122.1)))
    assert shown(known, past) == "Location: 37.4611978, -122.1"


def test_tools_get_the_ids(known: Known, past: Past) -> None:
    choice = Choice(id="r", title="Rye", source="list")
    past.message("m1", "hi")
    past.message("m2", "Rye", kind="button", choice=choice, quoted="m1", forwarded=1)
    known.after(past)
    assert known.reads.references(ANA, ["m1", "m2", "m3"]) == (
        Referring(id="m2", quoted="m1", choice=choice, forwarded=1),
    )


@pytest.mark.parametrize("edited", [True, False])
def test_an_edit_or_deletion_that_came_first(known: Known, past: Past, edited: bool) -> None:
    """The rows agree with the chat's state, also where a restart lies between them."""
    past.happened(Edit(id="e1", of="m1", text="oat?") if edited else Revoke(id="e1", of="m1"))
    known.after(past)
    known.projection._forget()  # a new process reads its chats from the file
    past.message("m1", "rye?")
    if edited:
        assert shown(known, past) == "oat?"
    known.after(past)
    (why,) = known.queries.why("m1")
    assert why.entry is not None
    assert (why.entry.edited, why.entry.revoked_at is not None) == (("oat?", False) if edited else (None, True))
    assert bool(known.queries.search("oat")) == edited
    assert not known.queries.search("rye")


@pytest.mark.parametrize("edited", [True, False])
def test_one_that_came_between_an_erasure_and_its_decision(known: Known, past: Past, edited: bool) -> None:
    """It belongs to the new chat, which knows nothing of the erased edit."""
    past.happened(Edit(id="e1", of="m1", text="oat?") if edited else Revoke(id="e1", of="m1"))
    upto = past.control("c1", "erase").seq
    past.message("m1", "rye?")
    past.happened(Erased(upto=upto, at=past.now, cause="c1"))
    (why,) = known.after(past).queries.why("m1")
    assert why.entry is not None
    assert (why.entry.text, why.entry.edited, why.entry.revoked_at) == ("rye?", None, None)
    assert (bool(known.queries.search("rye")), bool(known.queries.search("oat"))) == (True, False)
    assert not known.reads.snapshot(ANA).rewrites
