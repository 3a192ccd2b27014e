"""Bounds after which a chat sets aside a turn, an order or messages that break recado."""

from __future__ import annotations

import msgspec

MOST_ADOPTIONS = 5
"""Adoptions of a turn, without a decision of its own in between, after which it counts as broken. The log counts them,
because a crash loses any other count."""

MOST_BREAKS = 3
"""Times in a row that an actor breaks, within one process, before it sets something aside."""


class SetAside(msgspec.Struct, frozen=True, gc=False):
    """End the turn that breaks recado, else the first order, else the waiting messages."""
