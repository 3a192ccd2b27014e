"""Notes for the desk and for other programs: whether the number sends, and how many messages a second it may have."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

import msgspec
import structlog

from events.account_update import SENDING, THROUGHPUT, AccountUpdate, paused
from events.log import EventLog, LogError
from gateways.cloud.throughput import Throughput

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
        self._note(SENDING, value)

    def throughput(self, found: Throughput) -> None:
        """Note the number's throughput, unless it is what was noted last."""
        self._note(THROUGHPUT, msgspec.to_builtins(found), unless_known=True)

    def _note(self, field: str, value: dict[str, object], *, unless_known: bool = False) -> None:
        update = AccountUpdate(id=token_hex(16), field=field, value=value, at=datetime.now(UTC))
        self._last = asyncio.create_task(self._write(update, self._last, unless_known=unless_known))

    async def close(self) -> None:
        """Return once every note is written, or refused."""
        if self._last is not None:
            await asyncio.wait([self._last])

    async def _write(self, update: AccountUpdate, before: asyncio.Task[None] | None, *, unless_known: bool) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            if unless_known and await self._is_known(update):
                return
            await self._log.note(self._account, update)
        except LogError as refusal:
            log.warning("account_note_refused", account=self._account, reason=str(refusal), then="goes on without")

    async def _is_known(self, update: AccountUpdate) -> bool:
        same = [one for _, one in await self._log.notes(self._account) if one.field == update.field]
        return bool(same) and same[-1].value == update.value
