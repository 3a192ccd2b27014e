"""Views of trouble: chats that need a look, and replies that are not with their person."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class TroubleView(msgspec.Struct, frozen=True, kw_only=True):
    """A chat that a person has to look at. It is `stuck`: it has work to do, and nothing came of that since `at`. Or
    its event `seq`, of this `type`, was ended as `broken` or `set_aside` at `at`. Or a reply may not have arrived
    (`unsent`): `seq` is its receipt's, `type` the receipt's state."""

    what: Literal["stuck", "broken", "set_aside", "unsent"]
    account: str
    chat: str
    at: datetime
    seq: int = 0
    type: str = ""


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """The replies of an account that are not with their person.

    - `began`: a gateway of the account has written a receipt.
    - `unsent`: from before that; a gateway that begins later sends none of them.
    - `waiting`: since then, and not accepted yet; the oldest of them is of `oldest_at`.
    - `parked`, `failed`: not sent any more by themselves.
    - `last_at`: the time of the account's newest message, reply or order.
    """

    account: str
    began: bool = False
    unsent: int = 0
    waiting: int = 0
    oldest_at: datetime | None = None
    parked: int = 0
    failed: int = 0
    last_at: datetime | None = None
