"""Replies that cannot be sent and events that cannot be folded: logged, counted, kept as dead letters."""

from __future__ import annotations

import asyncio

import structlog
from prometheus_client import Counter

from events.inbound import ReceiptError
from events.log import EventLog, EventTooLarge, LogFull, LogUnavailable
from events.subjects import ChatKey

BROKEN = Counter("recado_gateway_replies_broken", "Replies that were parked since sending them breaks", ["account"])
SET_ASIDE = Counter(
    "recado_gateway_events_set_aside", "Events that a gateway could not take and moved on past", ["account", "reader"]
)

_OUTAGE_PAUSE = 1.0
_LONGEST_DETAIL = 500

DEFECTS = (RecursionError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError)
"""Raised because of the reply's content, and so at each attempt; any other exception may be a fault of the network."""

log = structlog.get_logger("recado.gateway")


def set_aside(account: str, reader: str, seq: int, defect: Exception) -> None:
    """Log and count the exception that `reader` raised at the event `seq`, which is skipped."""
    log.error("event_set_aside", account=account, reader=reader, seq=seq, then="goes on after it", exc_info=defect)
    SET_ASIDE.labels(account, reader).inc()


def broken(account: str, reply: str, defect: Exception) -> ReceiptError:
    """Log and count the exception that sending the reply raised. Returns the error for its receipt."""
    log.error("reply_broken", account=account, reply=reply[:64], then="parked", exc_info=defect)
    BROKEN.labels(account).inc()
    return ReceiptError(class_="broken", detail=described(defect))


def described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]


async def bury(event_log: EventLog, key: ChatKey, body: bytes, msg_id: str) -> None:
    """Keep `body`, of the chat `key`, as a dead letter; tries again until the log takes or refuses it."""
    while True:
        try:
            await event_log.bury(key.account, body, reason="undeliverable", msg_id=msg_id, chat=key.chat)
        except (LogFull, EventTooLarge) as refusal:
            then = "the reply stays in the log alone"
            log.warning("dead_letter_refused", id=msg_id, reason=str(refusal), then=then)
        except LogUnavailable as outage:
            log.warning("dead_letter_refused", id=msg_id, reason=str(outage), retry_in=_OUTAGE_PAUSE)
            await asyncio.sleep(_OUTAGE_PAUSE)
            continue
        return
