"""Taking over the threads that another bot kept: each becomes the chat's thread, if this mode can go on with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from secrets import token_hex
from typing import Literal

import msgspec

from events.decisions import ThreadCreated
from events.log import EventLog
from events.subjects import ChatKey
from gateways.addressing import ChatAmbiguous, ChatNotMeant, find
from recado.settings.settings import ApiMode
from recado.transfer.thread_file import Row

_PREFIXES: dict[ApiMode, str] = {"assistants": "thread_", "responses": "conv_"}
"""How OpenAI's ids begin. Those of other servers may begin as they like, and those of sessions are not known to."""

_KEEPING: frozenset[ApiMode] = frozenset({"assistants", "responses", "agents"})


class Imported(msgspec.Struct, frozen=True):
    """What became of a line: `kept` is this chat's thread now. With `reseeded` and `fresh` the chat goes on in another
    thread, which begins with what recado's log has of the conversation, or with nothing, since the log has nothing of
    it. `skipped` means that nothing was done. `why` says why not kept. `account` is the chat's,
    null where none could be told."""

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
    before keeps what it has, so the same file may be imported again. Raises WrongExpectedVersion if a chat decides
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
    if mode not in _KEEPING:
        return f"mode {mode} cannot go on with a thread that was made elsewhere"
    other = next((kind for kind, prefix in _PREFIXES.items() if kind != mode and thread.startswith(prefix)), None)
    return f"it is a thread of mode {other}, and recado runs in mode {mode}" if other else None
