"""The decision by which two chats that prove to be one person's become one."""

from __future__ import annotations

import msgspec

from events.inbound import Count, Time
from events.teamwork import Labels, State, UserName


class Joined(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """One chat closes into another, because both are the same person's.

    In the chat that closes it has `into`, and is written again with `done` when the other chat knows of it. In the
    other chat it has `from`: once when the joining begins, and once, with `whole`, when the closed chat has told what
    holds in it.

    - `into`: the chat that this one closes into.
    - `from`: the chat that closes into this one.
    - `admission`: `approved` or `blocked` by an earlier order, which still holds.
    - `stopped`: the person had asked for no replies, which still holds.
    - `opted_out`: the person wants no marketing messages, which still holds.
    - `held`: the reason of a pause that still holds.
    - `until`: the end of that pause.
    - `others`: chats that had closed into the closed one.
    - `timers`: timers that go on in the other chat; none yet.
    - `reset`: the conversation began again after this sequence.
    - `asked`: the request for a human that is still open; it is made again in the other chat.
    - `unsent`: the reply of which a human is still to say whether it arrived.
    - `assigned`: the user who has the chat.
    - `labels`: its labels.
    - `state`, `snoozed_until`: as `state` and `until` of `resolved`.
    - `unanswered`: the time of the first message of the person that got no answer.
    - `done`: this is the receipt: the other chat was told.
    - `whole`: the closed chat has told its gates.
    """

    at: Time
    into: str | None = None
    from_: str | None = None
    cause: str | None = None
    by: str | None = None
    admission: str = ""
    stopped: bool = False
    held: str = ""
    until: Time | None = None
    others: tuple[str, ...] = ()
    timers: tuple[str, ...] = ()
    done: bool = False
    whole: bool = False
    reset: Count = 0
    asked: str = ""
    unsent: str = ""
    opted_out: bool = False
    assigned: UserName | None = None
    labels: Labels = ()
    state: State = "open"
    snoozed_until: Time | None = None
    unanswered: Time | None = None
