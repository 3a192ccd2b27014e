"""A context that a test enters is left after a failure too; otherwise the next test finds its open connections."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def _not_left(block: list[ast.stmt]) -> Iterator[int]:
    """The lines of yields that are followed by something and stand in no `try` with a `finally`."""
    for place, statement in enumerate(block):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_yield = isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Yield)
        if is_yield and place + 1 < len(block):
            yield statement.lineno
        if isinstance(statement, ast.Try) and statement.finalbody:
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _not_left(getattr(statement, field, []))


def not_left(source: str) -> list[int]:
    """The lines at which a context manager goes on after its yield, though a failure ends it there."""
    return [
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("contextmanager" in ast.unparse(decorator) for decorator in node.decorator_list)
        for line in _not_left(node.body)
    ]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("    yield\n    close()\n", [3]),
        ("    with open(name):\n        yield 1\n        close()\n", [4]),
        ("    one = yield\n    close()\n", [3]),
        ("    try:\n        yield\n    finally:\n        close()\n", []),
        ("    with open(name):\n        yield\n", []),
    ],
)
def test_the_check(body: str, lines: list[int]) -> None:
    assert not_left(f"@contextmanager\ndef house():\n{body}") == lines


def test_every_context_is_left() -> None:
    found = {path.name: lines for path in TESTS.rglob("*.py") if (lines := not_left(path.read_text()))}
    assert found == {}
