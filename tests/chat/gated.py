"""A chat with gates, and who is answered in it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from chat.gates import Gates
from chat.work import EndBurst
from events.decisions import Ignored, Reply
from tests.chat.story import SETTING, Story

WORDS = {
    "unapproved": "Your code is {code}.",
    "outside_hours": "We are closed.",
    "rate_limited": "Slowly!",
    "stop_word": "I am silent now.",
    "start_word": "Here I am.",
    "help": "Just write.",
    "reset": "A new conversation.",
}


def gated(**gates: Any) -> Story:
    return Story(replace(SETTING, gates=Gates(**gates)))


def outcome(story: Story) -> list[tuple[str, ...]]:
    """The decisions on these messages: each `ignored` with its reason, and each notice."""
    decided = []
    while (work := next((w for w in story.pending() if not isinstance(w, EndBurst)), None)) is not None:
        decision = story.does(work, words=WORDS)  # type: ignore[arg-type]
        if isinstance(decision, Ignored):
            decided.append((decision.reason, *decision.messages))
        elif isinstance(decision, Reply):
            decided.append(("said", decision.text))
        else:
            decided.append((type(decision).__name__,))
    return decided


def is_answered(story: Story) -> bool:
    return not outcome(story) and any(isinstance(work, EndBurst) for work in story.pending())
