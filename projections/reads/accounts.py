"""Limits a query to some accounts: those that its reader may see."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


def of_accounts(accounts: Sequence[str] | None) -> tuple[str, list[str]]:
    """What limits a condition to chats of these accounts, and its values; nothing for None, which is all."""
    if accounts is None:
        return "", []
    return " AND chats.account IN (SELECT value FROM json_each(?))", [in_json(accounts)]


def in_json(accounts: Sequence[str]) -> str:
    """The accounts as one value of a statement."""
    return msgspec.json.encode(list(accounts)).decode()
