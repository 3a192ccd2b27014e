"""Drafts: which questions become some, how they are grouped and counted, and what is left of an erased chat."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from events.decisions import Attention, Erased
from events.inbound import Edit, Revoke
from events.joining import Joined
from events.settled import Settled, read_settled
from events.subjects import ChatKey
from events.tool_calls import Passage, ToolCalled, ToolReturned
from projections.drafts.drafts import Draft, Drafts
from projections.drafts.topics import SAME, Topics, topic_of
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past
from tests.projections.test_commit_batches import folded

NOT_KNOWN = "Sinto muito, não encontrei essa informação."
PASSAGE = Passage("shop/prices.csv", 3, 0)


class Asking:
    """Questions in a log; each is a turn with a look-up."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self._number = 0

    def asks(self, text: str, key: ChatKey = ANA, **fields: str) -> str:
        """A message; returns its id."""
        self._number += 1
        self.past.message(f"q{self._number}", text, key, **fields)
        return f"q{self._number}"

    def turn(
        self,
        text: str,
        key: ChatKey = ANA,
        *,
        passages: tuple[Passage, ...] = (),
        says: str = "Um colega sabe.",
        failed: bool = False,
        hands_over: bool = False,
        looks: bool = True,
        **fields: str,
    ) -> str:
        id_ = self.asks(text, key, **fields)
        turn, past = f"{id_}.t", self.past
        past.turn(turn, id_, key=key)
        if looks:
            past.happened(ToolCalled(turn=turn, call="c", name="look_up", arguments='{"query":"x"}', at=past.now), key)
            past.happened(
                ToolReturned(turn=turn, call="c", output="words", at=past.now, passages=passages, failed=failed), key
            )
        if hands_over:
            asked = Attention(id=f"{turn}.h", text="?", by="model", at=past.now, turn=turn, messages=(id_,))
            past.happened(asked, key)
        past.reply(turn, id_, text=says, key=key)
        return id_


@pytest.fixture
def asking(past: Past) -> Asking:
    return Asking(past)


def made(known: Known, past: Past, *questions: str, settled: tuple[Settled, ...] = ()) -> Drafts:
    return known.after(past).queries.drafts(questions, settled)


def only(found: Drafts) -> Draft:
    (one,) = found.there
    return one


def test_a_question_that_found_nothing(known: Known, past: Past, asking: Asking) -> None:
    asking.turn("Oi, vocês entregam no sábado?", name="Ana Lima")
    one = only(made(known, past))
    assert (one.question, one.answer, one.count, one.people) == ("Oi, vocês entregam no sábado?", "", 1, 1)
    assert one.why == {"nothing_found": 1}


def test_what_the_log_tells_of_a_turn(known: Known, past: Past, asking: Asking) -> None:
    """Passages and an answer that does not know, a colleague who is asked; not: an answer, a turn without a look-up, a
    look-up that failed."""
    asking.turn("Aceitam cartão?", passages=(PASSAGE,), says=NOT_KNOWN)
    asking.turn("Tem wifi?", passages=(PASSAGE,), hands_over=True)
    asking.turn("Qual o preço do pão?", passages=(PASSAGE,), says="Custa R$ 5.")
    asking.turn("Tudo bem com o bolo?", looks=False, says=NOT_KNOWN)
    asking.turn("Quanto custa a entrega?", failed=True, says=NOT_KNOWN)
    assert {one.question: one.why for one in made(known, past).there} == {
        "Aceitam cartão?": {"not_known": 1},
        "Tem wifi?": {"handed_over": 1},
    }


def test_an_answer_by_a_human(known: Known, past: Past, asking: Asking) -> None:
    """By an order, and by hand on the phone; all that was said until the person wrote again; what nobody asked is no
    draft."""
    past.said("Promoção hoje!", control="c0")
    asked = asking.asks("Vocês consertam bicicleta?")
    past.ignored(asked, reason="taken_over")
    past.said("Sim,", asked, control="c1")
    past.said("às terças. Ligue 11 98888-7777.", control="c2")
    asking.asks("ok obrigado")
    asking.asks("Tem estacionamento?", BIA)
    past.reply(None, text="Seu pedido saiu.", key=BIA, cause="program")  # a program informs, and answers nothing
    past.message("h1", "Tem, na rua de trás.", BIA, from_me=True)
    asking.turn("Abre domingo?", passages=(PASSAGE,), says="Abre às 8h.")
    past.said("Disponha!", control="c3")
    found = {one.question: (one.answer, one.why) for one in made(known, past).there}
    assert found == {
        "Vocês consertam bicicleta?": ("Sim,\nàs terças. Ligue […].", {"by_hand": 1}),
        "Tem estacionamento?": ("Tem, na […]", {"by_hand": 1}),
    }


def test_a_human_answers_what_was_handed_over(known: Known, past: Past, asking: Asking) -> None:
    """One draft, with the answer; one that comes days later is none."""
    asked = asking.turn("Fazem bolo sem glúten?", hands_over=True)
    past.said("Fazemos, por encomenda.", asked)
    asking.turn("Alugam salão?", BIA, hands_over=True)
    past.now += timedelta(days=3)
    past.said("Bom dia, temos novidades.", control="c9", key=BIA)
    found = {one.question: one.answer for one in made(known, past).there}
    assert found == {"Fazem bolo sem glúten?": "Fazemos, por encomenda.", "Alugam salão?": ""}


def test_the_same_in_other_words_is_counted(known: Known, past: Past, asking: Asking) -> None:
    """The most frequent first, of these the newest; the question as it was asked last."""
    asking.turn("Tem wifi?")
    asking.turn("Vocês entregam no sábado?")
    asking.turn("oi! entregam aos sabados??", BIA)
    asking.turn("Aceitam cheque?")
    there = made(known, past).there
    assert [(one.question, one.count, one.people, one.wordings) for one in there] == [
        ("oi! entregam aos sabados??", 2, 2, ("Vocês entregam no sábado?",)),
        ("Aceitam cheque?", 1, 1, ()),
        ("Tem wifi?", 1, 1, ()),
    ]


def test_what_is_answered_already_is_no_draft(known: Known, past: Past, asking: Asking) -> None:
    asking.turn("Entregam aos sábados?")
    asking.turn("Tem wifi?")
    assert only(made(known, past, "Vocês entregam no sábado?")).question == "Tem wifi?"


def test_what_is_settled_stays_away(known: Known, past: Past, asking: Asking) -> None:
    """Also in other words, from another person, and after a rebuild; the messages of another log mean nothing."""
    asking.turn("Entregam aos sábados?")
    found = made(known, past)
    settled = found.settled(only(found))
    assert read_settled(settled.subject) == settled
    assert "entreg" not in settled.subject.lower()
    asking.turn("vocês entregam no sábado", BIA)
    assert not made(known, past, settled=(settled,)).there
    other = Settled(settled.log + 1, settled.asked)
    assert only(made(known, past, settled=(other,))).count == 2


def test_words_that_changed(known: Known, past: Past, asking: Asking) -> None:
    """A deleted question is no draft, an edited one has its newest words."""
    gone, changed = asking.turn("Tem wifi?"), asking.turn("Aceitam chque?")
    past.happened(Revoke(id="x1", of=gone))
    past.happened(Edit(id="x2", of=changed, text="Aceitam cheque?"))
    assert [one.question for one in made(known, past).there] == ["Aceitam cheque?"]


def test_an_erased_chat_leaves_nothing(known: Known, past: Past, asking: Asking, tmp_path: Path) -> None:
    """Not in a draft, in none of its wordings, in no file; also where the draft was settled."""
    asking.turn("Entregam xylophone aos sábados?")
    asked = asking.asks("Afinam xylophone velho?")
    past.said("Sim, xylophone também.", asked)
    asking.turn("Entregam xylophone no sábado?", BIA)
    before = made(known, past)
    settled = before.settled(before.there[0])
    past.happened(Erased(upto=len(past.events), at=past.now), ANA)
    found = made(known, past)
    assert [(one.count, one.wordings) for one in found.there] == [(1, ())]
    assert not made(known, past, settled=(settled,)).there
    past.happened(Erased(upto=len(past.events), at=past.now), BIA)
    assert not made(known, past).there
    known.projection.tidy()
    assert b"xylophone" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    asking.turn("Entregam aos sábados?", BIA)
    assert made(known, past, settled=(settled,)).there  # the words by which it was known are gone


def test_an_erased_person_with_two_names(known: Known, past: Past, asking: Asking, tmp_path: Path) -> None:
    """A chat that closed into another one: its questions count until both are erased, and leave nothing then."""
    asking.turn("Afinam xylophone?", BIA)
    waits = asking.asks("Vendem xylophone?", BIA)
    past.happened(Joined(into=ANA.chat, at=past.now), BIA)
    past.happened(Joined(from_=BIA.chat, at=past.now), ANA)
    past.message(waits, "Vendem xylophone?", ANA)
    past.said("Sim, xylophone.", waits)
    assert {one.question: one.answer for one in made(known, past).there} == {
        "Afinam xylophone?": "",
        "Vendem xylophone?": "Sim, xylophone.",
    }
    for key in (BIA, ANA):
        past.happened(Erased(upto=len(past.events), at=past.now), key)
    assert not made(known, past).there
    known.projection.tidy()
    assert b"xylophone" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_names_of_the_whole_chat_are_masked(known: Known, past: Past, asking: Asking) -> None:
    """Those that other messages give or bear, in the question, its other wordings and the human's answer; in no field
    is one left. Another chat keeps the word."""
    asking.asks("oi, sou o zequinha", name="Krizia Pfeil")
    asking.turn("o zequinha ou a krizia podem retirar o bolo de aipim?")
    asking.turn("O ZEQUINHA pode retirar o bolo de aipim no balcão?")
    asked = asking.turn("o Zequinha pode retirar o bolo de aipim amanhã?")
    past.said("Pode sim, zequinha! A pfeil avisou.", asked, control="c1")
    asking.turn("tem guaraná zequinha gelado?", BIA)
    found = made(known, past)
    one = next(draft for draft in found.there if "aipim" in draft.question)
    assert one.count == 3
    told = msgspec.json.encode(one).decode().lower()
    assert not [name for name in ("zequinha", "krizia", "pfeil") if name in told], told
    assert any("zequinha" in draft.question for draft in found.there)


def test_what_is_left_open_survives_every_batch(past: Past, asking: Asking, tmp_path: Path) -> None:
    """A rebuild gives the same rows, however the log is cut."""
    asking.turn("Aceitam cartão?", passages=(PASSAGE,), says=NOT_KNOWN)
    asking.turn("Tem wifi?", hands_over=True)
    whole = folded(tmp_path / "whole.db", [past.events], reopened=False)[1]
    single = folded(tmp_path / "single.db", [[one] for one in past.events], reopened=True)[1]
    assert single == whole


def test_a_flood_is_bounded(known: Known, past: Past, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rarest and oldest are left out, and counted."""
    monkeypatch.setattr("projections.drafts.drafts.MOST", 3)
    for word in ("wifi", "gato", "bolo", "praia", "gato"):
        asking.turn(f"Tem {word}?")
    found = made(known, past)
    assert [one.question for one in found.there] == ["Tem gato?", "Tem praia?", "Tem bolo?"]
    assert found.left_out == 1


def test_topics_are_alike_by_their_share() -> None:
    topics = Topics()
    assert topics.add(topic_of("Do you deliver on a Saturday?")) == 0
    assert topics.find(topic_of("You deliver on Saturdays, right?")) == 0
    assert topics.find(topic_of("Do you repair bikes on Saturday?")) is None
    assert 0.5 < SAME < 1
