"""Limits in money: tokens by model in the state, priced by the rules of now."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from chat.commands import Answered, Failed, MediaSettled, RunReady, ToolAsked, ToolFinished
from chat.endings import question
from chat.fold_constants import MOST_MODELS
from chat.spending import CostLimit, Price, Used, cost_of, price_of, with_used
from chat.turn import Turn
from chat.work import EndBurst, Refuse, Rules
from events.decisions import Reply
from events.inbound import Media, Message
from events.parts import Option, Part
from events.usage import TokenUsage
from tests.chat.story import ME, NOON, SETTING, Story, order, text

SMALL = Price(input=Decimal(1), cached=Decimal("0.1"), output=Decimal(10))
LARGE = Price(input=Decimal(100), cached=Decimal(10), output=Decimal(1000))
SPEECH = Price(minute=Decimal("0.006"))
AUDIO = Message(id="m1", kind="audio", media=Media(object="MEDIA/m1", mime="audio/ogg"))
PRICES = {"small": SMALL, "large": LARGE, "whisper-1": SPEECH}


def limited(dollars: str, otherwise: Price = SMALL) -> Rules:
    return Rules(ME, "chat", SETTING.stale_after, cost_limit=CostLimit(Decimal(dollars), PRICES, otherwise))


def answered(rules: Rules, model: str, *usages: TokenUsage) -> Story:
    """A chat in which `model` has answered so often."""
    story = Story(rules)
    for number, usage in enumerate(usages):
        story.given(text(f"m{number}"))
        story.does(Answered(story.starts_a_turn(), "hi", model, None, usage))
    return story


def is_refused(story: Story) -> bool:
    story.given(text("m9"))
    return story.pending() == (Refuse(("m9",), "budget"),)


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("small", TokenUsage(MILLION, 0), "1"),
        ("small", TokenUsage(MILLION, 0, MILLION), "0.1"),
        ("small", TokenUsage(0, MILLION), "10"),
        ("small", TokenUsage(2 * MILLION, 100_000, MILLION), "2.1"),
        ("small-2026-09-22", TokenUsage(MILLION, 0), "1"),
        ("SMALL", TokenUsage(MILLION, 0), "1"),
        ("whisper-1", TokenUsage(seconds=90), "0.009"),
    ],
)
def test_the_limit_holds_to_the_last_token(model: str, usage: TokenUsage, dollars: str) -> None:
    """A chat at its limit is refused; with a hair's breadth left it is answered."""
    assert cost_of(model, usage, PRICES) == Decimal(dollars)
    assert is_refused(answered(limited(dollars), model, usage))
    assert not is_refused(answered(limited(str(Decimal(dollars) + Decimal("0.000001"))), model, usage))


def test_each_model_costs_its_own_price() -> None:
    """Two models in one day."""
    story = answered(limited("101"), "small", TokenUsage(MILLION, 0))
    assert not is_refused(story)
    story.does(Answered(story.starts_a_turn(), "hi", "large", None, TokenUsage(MILLION, 0)))
    assert story.chat.spent is not None
    assert story.chat.spent.used == (Used("small", TokenUsage(MILLION)), Used("large", TokenUsage(MILLION)))
    story.given(text("m10"))
    assert story.pending() == (Refuse(("m10",), "budget"),)


def test_a_model_of_unknown_price_counts_as_the_dearest_in_use() -> None:
    """Also the tokens of a failed turn, whose model no event names."""
    assert is_refused(answered(limited("100", LARGE), "who-knows", TokenUsage(MILLION, 0)))
    story = Story(limited("1")).given(AUDIO)
    turn = story.starts_a_turn()
    story.does(MediaSettled(turn, "m1", "text", "hello", model="small", usage=TokenUsage(MILLION)))
    story.does(Failed(turn, "timeout", "no answer"))
    assert is_refused(story)


def test_a_transcript_counts_for_its_own_model() -> None:
    """The reply's usage holds that of the whole turn."""
    story = Story(limited("0.006")).given(AUDIO)
    turn = story.starts_a_turn()
    story.does(MediaSettled(turn, "m1", "text", "hello", model="whisper-1", usage=TokenUsage(seconds=60)))
    story.does(Answered(turn, "hi", "small", None, TokenUsage(10, 1)))
    assert story.chat.spent is not None
    assert story.chat.spent.used == (Used("whisper-1", TokenUsage(seconds=60)), Used("small", TokenUsage(10, 1)))
    assert is_refused(story)


def test_a_vector_counts_for_its_own_model() -> None:
    """Beside the request that asked for the look-up, which wrote the reply where that is a tool's question."""
    story = Story(limited("1000")).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c1", "look_up", "{}", TokenUsage(10, 1), model="small"))
    story.does(ToolFinished(turn, "c1", "found", failed=False, usage=TokenUsage(7), model="vectors"))
    story.does(ToolAsked(turn, "c2", "ask", "{}", TokenUsage(20, 2), model="small"))
    question = (Part(kind="choices", text="Which?", choices=(Option(id="a", title="A"),)),)
    story.does(ToolFinished(turn, "c2", "asked", failed=False, send=question, quiet=True))
    reply = story.does(Answered(turn, "hi", "small", None, TokenUsage(5, 5)))
    assert isinstance(reply, Reply)
    assert reply.usage == TokenUsage(42, 8)
    assert story.chat.spent is not None
    assert {one.model: one.usage for one in story.chat.spent.used} == {
        "vectors": TokenUsage(7),
        "small": TokenUsage(35, 8),
    }
    assert story.chat.spent.tokens == 50


def test_a_question_is_of_the_model_that_wrote() -> None:
    """Its reply names that model, and not the one of a vector that came after."""
    heard = (Used("small", TokenUsage(10, 1)), Used("vectors", TokenUsage(7)))
    turn = Turn("t1", ("m1",), "chat", 1, ME, NOON, used=heard)
    assert question(turn).model == "small"
    assert question(replace(turn, used=())).model == ""


def test_an_account_that_spent_its_money_is_not_answered() -> None:
    """Every chat of it, for the same reason as its own limit."""
    story = Story(replace(SETTING, account_spent=True))
    assert is_refused(story)


def test_a_new_day_begins_at_nothing() -> None:
    """By the log's time."""
    story = answered(limited("1"), "small", TokenUsage(MILLION, 0))
    assert is_refused(story)
    story.works_off_what_is_due()
    story.now += timedelta(days=1)
    story.given(text("m10"))
    assert isinstance(story.pending()[0], EndBurst)


def test_models_are_bounded() -> None:
    """A server that names another model each time fills no state: the rest counts as unknown, and nothing is lost."""
    used: tuple[Used, ...] = ()
    for number in range(50):
        used = with_used(used, f"model-{number}", TokenUsage(1))
    assert len(used) <= MOST_MODELS + 1
    assert sum(one.usage.input_tokens for one in used) == 50


@pytest.mark.parametrize("name", ["small-large", "small-4", "my-small", "small-2026", "small-preview", ""])
def test_a_name_that_merely_resembles_has_no_price(name: str) -> None:
    """A guess would be a wrong sum."""
    assert price_of(name, PRICES) is (SMALL if name == "small-2026" else None)


@pytest.mark.parametrize("usage", [TokenUsage(), TokenUsage(5, 5)])
def test_uncounted_tokens_are_unknown(usage: TokenUsage) -> None:
    """Never 0: speech that is priced by the minute, with tokens only or with nothing."""
    assert cost_of("whisper-1", usage, PRICES) is None
    assert cost_of("small", TokenUsage(), PRICES) is None
    assert cost_of("free", TokenUsage(), {"free": Price()}) == 0


@pytest.mark.parametrize("ends", ["answered", "failed", "paused"])
def test_every_request_of_a_turn_counts_for_its_own_model(ends: str) -> None:
    """A call of a tool, a lost run, and the last request of a turn that fails; also where another model answers."""
    story = Story(limited("1000")).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c1", "stock", "{}", TokenUsage(10, 1), None, "small"))
    story.does(ToolFinished(turn, "c1", "3", failed=False))
    story.does(RunReady(turn, "run-2", 2, TokenUsage(20, 2), "small"))
    expected = {"small": TokenUsage(30, 3)}
    match ends:
        case "answered":
            story.does(Answered(turn, "hi", "large", None, TokenUsage(40, 4)))
            expected["large"] = TokenUsage(40, 4)
        case "failed":
            story.does(Failed(turn, "malformed_answer", "no words", TokenUsage(40, 4), "large"))
            expected["large"] = TokenUsage(40, 4)
        case _:
            story.given(order("k1", "pause"))
            story.works_off_what_is_due()
    assert story.chat.turn is None
    assert story.chat.spent is not None
    assert {one.model: one.usage for one in story.chat.spent.used} == expected
    assert story.chat.spent.tokens == sum(one.input_tokens + one.output_tokens for one in expected.values())


def test_a_failed_turn_reaches_the_limit_at_its_own_price() -> None:
    """The limit takes no dearer price for it than it has."""
    rules = limited("101", LARGE)
    story = Story(rules).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Failed(turn, "malformed_answer", "no words", TokenUsage(MILLION), "small"))
    assert not is_refused(story)
