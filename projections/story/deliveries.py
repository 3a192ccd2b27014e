"""Sentences about the replies of an account that are not with their person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from events.phrases import Counted, Phrase, Together
from projections.reads.trouble_views import DeliveryView
from projections.story.step import lasting

WAITS_LONG = timedelta(minutes=10)
"""Age from which a reply waits for too long, although a gateway runs."""

IN_USE_FOR = timedelta(days=1)
"""Time after its last event for which an account counts as in use."""


class DeliveryState(NamedTuple):
    """The state of an account's replies, in words.

    - `amiss`: a person has to act.
    - `no_gateway`: the account needs a gateway and has none.
    """

    account: str
    says: Phrase
    amiss: bool
    no_gateway: bool


def told(
    views: Iterable[DeliveryView], gateways: Collection[str] | None, now: datetime, needed: Collection[str] = ()
) -> list[DeliveryState]:
    """A line for each account that there is something to say about.

    - `gateways`: the accounts whose gateway runs; None: unknown.
    - `needed`: accounts that the settings name, and that need a gateway whether they have replies or not.
    """
    known = {view.account: view for view in views}
    known |= {account: DeliveryView(account=account) for account in needed if account not in known}
    lines = [_line(view, gateways, now, view.account in needed) for _, view in sorted(known.items())]
    return [line for line in lines if line is not None]


def _line(view: DeliveryView, gateways: Collection[str] | None, now: datetime, needed: bool) -> DeliveryState | None:
    runs = gateways is None or view.account in gateways
    is_used = view.last_at is not None and now - view.last_at < IN_USE_FOR
    is_lost = bool(view.unsent) and not view.began and is_used
    no_gateway = not runs and (needed or bool(view.waiting) or is_lost)
    since = now - view.oldest_at if view.oldest_at is not None else timedelta(0)
    parts = [Phrase("no gateway runs")] if no_gateway else []
    if view.waiting:
        parts.append(
            Counted(
                "%(num)s reply waits, the oldest for %(time)s",
                "%(num)s replies wait, the oldest for %(time)s",
                view.waiting,
                time=lasting(since),
            )
        )
    if view.unsent and view.began:
        parts.append(
            Counted(
                "%(num)s reply from before its first gateway began will not be sent",
                "%(num)s replies from before its first gateway began will not be sent",
                view.unsent,
            )
        )
    elif view.unsent:
        parts.append(
            Counted(
                "no gateway has ever sent anything, and one that starts later will not send the one reply so far",
                "no gateway has ever sent anything, and one that starts later will not send the %(num)s replies so far",
                view.unsent,
            )
        )
    if view.parked:
        parts.append(Phrase("%(number)s parked", number=view.parked))
    if view.failed:
        parts.append(Phrase("%(number)s could not be sent, or only in part", number=view.failed))
    if not parts:
        return None
    is_amiss = no_gateway or (bool(view.waiting) and since > WAITS_LONG)
    return DeliveryState(view.account, Together(parts, "; "), is_amiss, no_gateway)
