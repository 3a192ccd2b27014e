"""Notes for the desk and for other programs that the number does not send, or sends again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

import structlog

from events.account_update import SENDING, AccountUpdate, paused
from events.log import EventLog, LogError

log = structlog.get_logger("recado.gateway")


class AccountNotes:
    """Writes notes of one account, in their order, beside the sending."""

    def __init__(self, event_log: EventLog, account: str) -> None:
        self._log = event_log
        self._account = account
        self._last: asyncio.Task[None] | None = None

    async def paused_for(self) -> int | str | None:
        """The code for which the number did not send when it was last noted; None if it did, or nobody knows."""
        try:
            notes = await self._log.notes(self._account)
        except LogError as refusal:
            log.warning("account_state_unknown", account=self._account, reason=str(refusal))
            return None
        found = paused(notes).get(self._account)
        if found is None:
            return None
        code = found.value.get("code")
        return code if isinstance(code, int | str) else "?"

    def sending(self, value: dict[str, object]) -> None:
        """Note whether the number sends."""
        update = AccountUpdate(id=token_hex(16), field=SENDING, value=value, at=datetime.now(UTC))
        self._last = asyncio.create_task(self._write(update, self._last))

    async def close(self) -> None:
        """Return once every note is written, or refused."""
        if self._last is not None:
            await asyncio.wait([self._last])

    async def _write(self, update: AccountUpdate, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._log.note(self._account, update)
        except LogError as refusal:
            log.warning("account_note_refused", account=self._account, reason=str(refusal), then="goes on without")
