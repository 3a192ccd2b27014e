"""A small share of the 100,000 mutated webhooks of `make fuzz`, and proof that its judge judges."""

from __future__ import annotations

import os

import pytest

from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived
from tests.doubles.graph_webhooks import message, messages, one_number
from tests.fuzz import mutated

SEED = int(os.environ.get("FUZZ_SEED", "1"))


def test_mutated_webhooks() -> None:
    """Always the same seed: `make fuzz` takes another each time."""
    found = mutated.run(SEED, 400)
    assert found["heard"] > 50, found
    assert found["dead letters"] > 20, found


def test_a_dropped_message_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parser, "parse", lambda *_: [])
    with pytest.raises(AssertionError, match="the words are nowhere"):
        mutated.run(1, 50)


def test_a_word_that_nobody_asked_for_is_found() -> None:
    (update,) = Parser(one_number()).parse(messages(message("wamid.1")))
    assert isinstance(update, Arrived)
    assert mutated.speaks(mutated.stored(update))
    assert not mutated.is_content({"type": "reaction"})
    assert mutated.is_content({"type": "text"})
