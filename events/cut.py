"""The record of a part of an answer that was not sent."""

from __future__ import annotations

import msgspec

from events.inbound import Count


class Cut(msgspec.Struct, frozen=True, gc=False):
    """A part of the model's answer that was not sent.

    - `kind`: reasoning, template, tool_call, citation, private_use or link.
    - `chars`: its number of characters. The words are not kept.
    """

    kind: str
    chars: Count
