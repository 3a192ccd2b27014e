"""The context window: what of a conversation a model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One message of a conversation as a model is shown it; `name` is the sender's, in groups only."""

    role: Literal["user", "assistant"]
    text: str
    name: str = ""


def window(history: Sequence[Line], limit: int) -> tuple[Line, ...]:
    """The last `limit` lines of `history` (oldest first); `limit` 0 shows none of it."""
    return tuple(history[-limit:]) if limit > 0 else ()
