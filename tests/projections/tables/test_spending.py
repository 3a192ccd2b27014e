"""The table `spending`: the tokens of an account's chats by day and model, as an actor reads them."""

from __future__ import annotations

from chat.spending import Used
from events.decisions import Erased, MediaRead, RunStarted, TurnError, TurnFailed, TurnStarted
from events.tool_calls import ToolCalled
from events.usage import TokenUsage
from projections.in_memory import InMemoryProjection
from projections.reads.actor_reads import ChatReads
from tests.projections.past import ANA, BIA, ELSEWHERE, STREAM, Past

DAY = "2026-09-01"


def spent(past: Past, account: str = ANA.account, day: str = DAY) -> dict[str, TokenUsage]:
    """What is read after the whole log; the batches are cut at different places each time."""
    found = []
    for size in (1, 3, 100):
        projection = InMemoryProjection.empty(STREAM)
        for first in range(0, len(past.events), size):
            projection.fold(past.events[first : first + size])
        found.append(ChatReads(projection).spent(account, day))
        projection.close()
    assert found[0] == found[1] == found[2]
    return {one.model: one.usage for one in found[0] if isinstance(one, Used)}


def test_all_chats_of_an_account_together() -> None:
    """By model and day; other accounts are apart, and operators cost nothing."""
    past = Past()
    past.answered(1)
    past.answered(2, BIA)
    past.answered(3, ELSEWHERE)
    past.turn("t4", "m4")
    past.reply("t4", "m4", model="large", usage=TokenUsage(7, 3, 5))
    past.said("by hand")
    assert spent(past) == {"small": TokenUsage(200, 20), "large": TokenUsage(7, 3, 5)}
    assert spent(past, "bakery") == {"small": TokenUsage(100, 10)}
    assert spent(past, day="2026-09-02") == {}


def test_a_transcript_counts_for_its_own_model() -> None:
    """Also of a turn that fails, whose own model is unknown."""
    past = Past()
    for number, fails in enumerate((False, True)):
        turn, message = f"t{number}", f"m{number}"
        past.message(message)
        past.happened(TurnStarted(turn=turn, messages=(message,), backend="chat", at=past.now, media=(message,)))
        read = {"turn": turn, "message": message, "form": "text", "model": "ear", "at": past.now}
        past.happened(MediaRead(**read, usage=TokenUsage(seconds=30)))
        if fails:
            past.failed(turn, message)
        else:
            past.reply(turn, message, usage=TokenUsage(100, 10, seconds=30))
    assert spent(past) == {"small": TokenUsage(100, 10), "ear": TokenUsage(seconds=60)}


def test_a_failed_turn_counts_for_its_models() -> None:
    """The run that was lost, the request that asked for a tool, and the last request, which brought no answer."""
    past = Past()
    past.turn("t1", "m1")
    past.happened(RunStarted(turn="t1", run="r2", attempt=2, at=past.now, usage=TokenUsage(1, 2), model="small"))
    asked = {"turn": "t1", "call": "c1", "name": "stock", "arguments": "{}", "at": past.now}
    past.happened(ToolCalled(**asked, usage=TokenUsage(10, 20), model="small"))
    error = TurnError(class_="malformed_answer", detail="no words")
    failed = {"turn": "t1", "messages": ("m1",), "error": error, "told": False, "at": past.now}
    past.happened(TurnFailed(**failed, usage=TokenUsage(100, 200), model="large"))
    assert spent(past) == {"small": TokenUsage(11, 22), "large": TokenUsage(100, 200)}


def test_an_erased_chat_is_taken_out() -> None:
    """As if it had never been, since its events leave the log; the other chats' tokens stay."""
    past = Past()
    past.answered(1)
    past.answered(2, BIA)
    past.happened(Erased(upto=past.last.seq, at=past.now), ANA)
    assert spent(past) == {"small": TokenUsage(100, 10)}
    past.happened(Erased(upto=past.last.seq, at=past.now), BIA)
    assert spent(past) == {}
