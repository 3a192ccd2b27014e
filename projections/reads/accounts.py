"""Limits a query to some accounts: those that its reader may see."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from projections.database import Condition


def within(accounts: Sequence[str] | None, column: str = "account") -> Condition:
    """The accounts that are looked at; None: all."""
    if accounts is None:
        return "TRUE", []
    return f"{column} IN (SELECT value FROM json_each(?))", [in_json(accounts)]  # noqa: S608


def in_json(accounts: Sequence[str]) -> str:
    """The accounts as one value of a statement."""
    return msgspec.json.encode(list(accounts)).decode()
