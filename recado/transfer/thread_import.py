"""Takes over the threads of another bot: each becomes its chat's thread, if this mode can go on with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from secrets import token_hex
from typing import Literal

import msgspec

from events.decisions import ThreadCreated
from events.log import EventLog
from events.subjects import ChatKey
from gateways.addressing import ChatAmbiguous, ChatNotMeant, find
from recado.settings.modes import MODES, ApiMode
from recado.transfer.thread_file import Row


class Imported(msgspec.Struct, frozen=True):
    """The result of a line.

    - `chat`: the chat's JID.
    - `thread`: the thread's id.
    - `result`: `kept`: it is the chat's thread now. `reseeded`: the chat gets a new thread, which begins with the
      conversation in recado's log. `fresh`: it gets an empty one, since the log has no conversation. `skipped`:
      nothing was done.
    - `why`: the reason, if the thread was not kept.
    - `account`: the chat's; null if none was found.
    """

    chat: str
    thread: str
    result: Literal["kept", "reseeded", "fresh", "skipped"]
    why: str | None = None
    account: str | None = None


async def take_over(
    log: EventLog, account: str, mode: ApiMode, rows: Sequence[Row], *, searches: bool = False, begins: bool = True
) -> AsyncGenerator[Imported, None]:
    """Log `thread_created` for every thread that `mode` can go on with.

    - `account`: the account of the chats; with `searches` only of those that no account knows.
    - `begins`: a chat that is not known may begin; without it, it is skipped.

    A thread that proves to be gone at its first use is replaced like any other. A chat that recado has decided about
    before keeps its thread, so the same file may be imported again. Raises WrongExpectedVersion if a chat decides
    something at this very moment, LogUnavailable, LogFull.
    """
    incarnation = f"import-{token_hex(4)}"
    for number, row in enumerate(rows):
        if row.fault is not None:
            yield Imported(row.chat, row.thread, "skipped", row.fault)
            continue
        why = _not_kept(mode, row.thread)
        try:
            key = await find(log, row.chat, None if searches else account)
        except ChatNotMeant as refusal:
            # A thread that is not kept writes nothing, so its chat may be unknown.
            if isinstance(refusal, ChatAmbiguous) or not (begins or why is not None):
                yield Imported(row.chat, row.thread, "skipped", " ".join(str(refusal).split()))
                continue
            key = ChatKey(account, row.chat)
        known = await log.last_decision(key) is not None
        if why is not None:
            yield Imported(row.chat, row.thread, "reseeded" if known else "fresh", why, key.account)
            continue
        if known:
            yield Imported(
                row.chat, row.thread, "skipped", "recado has a conversation with this chat already", key.account
            )
            continue
        event = ThreadCreated(backend=mode, thread=row.thread, reason="imported", at=(await log.head()).now)
        await log.append(key, event, expected=0, msg_id=f"{incarnation}:{number}")
        yield Imported(row.chat, row.thread, "kept", account=key.account)


def _not_kept(mode: ApiMode, thread: str) -> str | None:
    if not MODES[mode].keeps_threads:
        return f"mode {mode} cannot go on with a thread that was made elsewhere"
    prefixes = ((other, row.thread_prefix) for other, row in MODES.items() if other != mode and row.thread_prefix)
    found = next((other for other, prefix in prefixes if thread.startswith(prefix)), None)
    return f"it is a thread of mode {found}, and recado runs in mode {mode}" if found else None
