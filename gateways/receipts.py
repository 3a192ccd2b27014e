"""Writing down how far a reply has come."""

from __future__ import annotations

import asyncio

import structlog

from events.ids import ChatKey
from events.inbound import Receipt, ReceiptError, ReceiptState
from events.log import EventLog, LogFull, LogUnavailable

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_LONGEST_ID = 512
"""Characters; see events.inbound.ReplyId."""

log = structlog.get_logger("recado.gateway")


class Receipts:
    """The receipts of one gateway process; `by` names this very start of it."""

    def __init__(self, log: EventLog, by: str) -> None:
        self._log = log
        self._by = by

    def id_of(self, reply: str) -> str:
        """The id that every receipt of this process for `reply` bears."""
        return f"{self._by}.{reply}"[:_LONGEST_ID]

    async def write(
        self,
        key: ChatKey,
        reply: str,
        state: ReceiptState,
        *,
        provider_id: str | None = None,
        error: ReceiptError | None = None,
    ) -> int:
        """The receipt's sequence, once the log has it; tried until then. Repeating a call writes nothing new."""
        receipt = Receipt(id=self.id_of(reply), reply=reply, state=state, provider_id=provider_id, error=error)
        msg_id = f"receipt:{key.account}:{key.chat}:{receipt.id}:{state}"
        pause = _FIRST_PAUSE
        while True:
            try:
                return (await self._log.publish(key, receipt, msg_id=msg_id)).seq
            except (LogUnavailable, LogFull) as refusal:
                log.warning("receipt_refused", reply=reply, state=state, reason=str(refusal), retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
