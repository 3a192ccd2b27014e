"""The decisions by which a person is answered, or is not answered any more."""

from __future__ import annotations

import msgspec

from events.inbound import Time


class Approved(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The person was unknown or blocked, and is answered from now on.

    - `unchanged`: the person was approved before: the order changed nothing.
    """

    at: Time
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False


class Blocked(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The person is not answered any more, until an order approves the chat.

    - `unchanged`: the person was blocked before: the order changed nothing.
    """

    at: Time
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False
