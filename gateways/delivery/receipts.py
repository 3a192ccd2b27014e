"""Writes the receipts that tell how far a reply has come."""

from __future__ import annotations

import msgspec
import structlog

from events.backoff import Backoff
from events.inbound import Receipt, ReceiptError, ReceiptState
from events.log import EventLog, LogFull, LogUnavailable
from events.subjects import ChatKey

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
LONGEST_ID = 512
"""Characters; see events.inbound.ReplyId."""

log = structlog.get_logger("recado.gateway")


class Piece(msgspec.Struct, frozen=True):
    """The subject of a receipt: a reply, one of its parts, or the template in its stead.

    - `reply`: the reply's id.
    - `part`: the part's number, counted from 1; 0 for a reply in one piece.
    - `parts`: the number of parts; 0 for a reply in one piece.
    - `template`: the template's name; None for the reply itself.
    - `attempt`: the number of earlier attempts of this process.
    - `file`: see events.inbound.Receipt.
    """

    reply: str
    part: int = 0
    parts: int = 0
    template: str | None = None
    attempt: int = 0
    file: str = ""


class Receipts:
    """The receipts of one gateway process; `by` names this start of it."""

    def __init__(self, log: EventLog, by: str) -> None:
        self._log = log
        self._by = by

    def id_of(self, piece: Piece) -> str:
        """The id of every receipt that this process writes for this attempt."""
        which = f".{piece.part}" * (piece.parts > 1) + ".t" * (piece.template is not None)
        which += ".f" * bool(piece.file)
        tries = f"+{piece.attempt}" if piece.attempt else ""
        return f"{self._by}{which}{tries}.{piece.reply}"[:LONGEST_ID]

    async def write(
        self,
        key: ChatKey,
        piece: Piece,
        state: ReceiptState,
        *,
        provider_id: str | None = None,
        error: ReceiptError | None = None,
        instead: str | None = None,
    ) -> int:
        """Publish the receipt until the log takes it. Returns its sequence; a repeated call writes nothing new."""
        receipt = Receipt(
            id=self.id_of(piece),
            reply=piece.reply,
            state=state,
            provider_id=provider_id,
            error=error,
            part=piece.part,
            parts=piece.parts,
            instead=instead,
            template=piece.template,
            file=piece.file,
        )
        again = ":again" if state == "sending" and error is not None else ""
        msg_id = f"receipt:{key.account}:{key.chat}:{receipt.id}:{state}{again}"
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                return (await self._log.publish(key, receipt, msg_id=msg_id)).seq
            except (LogUnavailable, LogFull) as refusal:
                log.warning(
                    "receipt_refused", reply=piece.reply, state=state, reason=str(refusal), retry_in=pause.seconds
                )
            await pause.wait()
