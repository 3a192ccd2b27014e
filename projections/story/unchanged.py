"""The words for an order that changed nothing: the same on the desk, in commands and in stories."""

from __future__ import annotations

from collections.abc import Mapping

from events.decisions import Standing
from events.phrases import Phrase

WAS: Mapping[str, Phrase] = {
    "approve": Phrase("the person was approved already"),
    "assign": Phrase("the same user, or none, had the chat already"),
    "block": Phrase("the chat was blocked already"),
    "label": Phrase("the labels were like this already"),
    "pause": Phrase("the chat was paused like this already"),
    "reopen": Phrase("the chat was open already"),
    "resolve": Phrase("the chat was resolved already"),
    "resume": Phrase("the chat was not paused"),
    "snooze": Phrase("the chat was put off until this time already"),
}
"""By order, those that can change nothing. Each other one makes something new, or is refused."""


def is_unchanged(decision: object) -> bool:
    """True of a decision on an order that changed nothing."""
    return isinstance(decision, Standing) and decision.unchanged


def was(command: str) -> Phrase:
    """The state of the chat before the order, which changed nothing."""
    return WAS.get(command) or Phrase("it was so already")
