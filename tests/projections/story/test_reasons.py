"""Every reason and class that recado writes into an event has a sentence, and no other word is shown raw."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from backends.protocol import ErrorClass
from events.reasons import FailureClass, IgnoredReason, ReceiptClass
from gateways.cloud.errors import FaultClass
from projections.story.reasons import EXPLAINED, FAILED, NOT_SENT, because, failed_because, not_sent_because

ROOT = Path(__file__).parents[3]
WRITTEN = {
    ("Ignored", "reason"): IgnoredReason,
    ("Refuse", 1): IgnoredReason,
    ("Refuse", "reason"): IgnoredReason,
    ("Unreadable", 0): IgnoredReason,
    ("Unreadable", "reason"): IgnoredReason,
    ("MediaSettled", "reason"): IgnoredReason,
    ("Settled", "reason"): IgnoredReason,
    ("CannotBeRead", 0): IgnoredReason,
    ("Paused", "reason"): IgnoredReason,
    ("Pause", 1): IgnoredReason,
    ("Hand", 2): IgnoredReason,
    ("_fail", 1): FailureClass,
    ("Failed", 1): FailureClass,
    ("ReplyFailed", 0): FailureClass,
    ("AttemptFailed", 0): FailureClass,
    ("TurnError", "class_"): FailureClass,
    ("ReceiptError", "class_"): ReceiptClass,
    ("Refused", 0): ReceiptClass,
}
"""The arguments that become a reason or a class."""


@pytest.mark.parametrize(
    ("table", "words"), [(EXPLAINED, IgnoredReason), (FAILED, FailureClass), (NOT_SENT, ReceiptClass)]
)
def test_each_has_a_sentence(table: dict[str, str], words: object) -> None:
    """And there is none for a word that is not written."""
    assert set(table) == set(get_args(words))


def test_the_classes_of_the_providers_are_among_them() -> None:
    """Those of backends and of WhatsApp are types of their own."""
    assert set(get_args(ErrorClass)) <= set(get_args(FailureClass))
    assert set(get_args(FaultClass)) <= set(get_args(ReceiptClass))


def written() -> Iterator[tuple[str, object, str]]:
    """The literals in the code that become a reason or a class: file and line, the type that has them, the word."""
    for folder in ("chat", "actors", "backends", "gateways", "events", "recado"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            constants: dict[str, str] = {}
            tree = ast.parse(file.read_text())
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    constants |= {one.id: str(node.value.value) for one in node.targets if isinstance(one, ast.Name)}
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = [*enumerate(node.args), *((one.arg, one.value) for one in node.keywords)]
                for place, value in given:
                    words = WRITTEN.get((name, place))  # type: ignore[arg-type]
                    for word in ast.walk(value) if words is not None else ():
                        if isinstance(word, ast.Constant) and isinstance(word.value, str):
                            yield f"{file.name}:{node.lineno}", words, word.value
                        elif isinstance(word, ast.Name) and word.id in constants:
                            yield f"{file.name}:{node.lineno}", words, constants[word.id]


def test_no_literal_in_the_code_lacks_one() -> None:
    """A new reason is a new word of the type, and so of the table."""
    found = list(written())
    assert len({word for _, _, word in found}) > 25, "the search finds what is written"
    missing = [(where, word) for where, words, word in found if word not in get_args(words)]
    assert missing == []


@pytest.mark.parametrize("say", [because, failed_because, not_sent_because])
def test_a_word_of_another_version_is_said_to_be_unknown(say: object) -> None:
    """It is not shown alone, and neither is a missing one."""
    assert say("moon") == "for a reason that this version of recado does not know (moon)"  # type: ignore[operator]
    assert say(None) == "no reason is given"  # type: ignore[operator]


def test_every_reason_that_is_given_is_explained() -> None:
    """Every reason in the rules of a chat has its sentence."""
    given = set()
    for file in [*(ROOT / "chat").glob("*.py"), ROOT / "actors" / "media_files.py"]:
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", "")
            if name in ("Ignored", "Refuse"):
                arguments = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "reason")]
                given |= {one.value for one in arguments if isinstance(one, ast.Constant) and one.value}
    assert {"stale", "paused", "nothing_to_retry"} <= given
    assert given <= set(EXPLAINED)
