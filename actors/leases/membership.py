"""The states of an instance as a member among the others."""

from __future__ import annotations

from enum import Enum, auto


class Membership(Enum):
    """The states of this instance towards the others; only a MEMBER holds partitions.

    - `NEW`: it was never a member.
    - `MEMBER`: it is one.
    - `OUT`: it was one, and joins again at the next step.
    - `REPLACED`: a later process of our name took the place; it joins again once that process is gone.
    """

    NEW = auto()
    MEMBER = auto()
    OUT = auto()
    REPLACED = auto()
