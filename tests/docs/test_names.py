"""A class has a name of its own in the log, the rules and the projections: a reader meets one thing by one word."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TWICE = {
    "Changes", "Counted", "Entry", "Found", "Place", "Portion", "SetAside", "Stored", "Unread",
}  # fmt: skip
"""Names that two things still have. The set becomes smaller, never larger."""


def test_a_name_of_a_class_means_one_thing() -> None:
    names = Counter(
        node.name
        for folder in ("events", "chat", "projections")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, times in names.items() if times > 1} == TWICE
