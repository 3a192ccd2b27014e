"""The result of one check of `recado doctor`."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """The result of a check.

    - `what`: the thing that was checked.
    - `state`: whether it is well.
    - `says`: the observation.
    - `do`: advice, if the state is not ok.
    """

    what: str
    state: Literal["ok", "warning", "failure"]
    says: str
    do: str = ""


def in_units(count: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
