"""Tools of a shop, as its developers would write them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

orders: list[tuple[str, str, int]] = []


def order(chat: str, bread: Literal["rye", "wheat"], loaves: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1) -> str:
    """Order bread for the person who writes."""
    orders.append((chat, bread, loaves))
    return f"{loaves} {bread} ordered"


async def opening_hours(day: str) -> dict[str, str]:
    """When the shop is open on a day."""
    if day == "doomsday":
        raise LookupError("never again")
    return {"day": day, "opens": "07:00"}


opening_hours.safe_to_repeat = True  # type: ignore[attr-defined]


def _recipe() -> str:
    return "secret"
