"""The messages of a reply with parts, as the simulated phones draw them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

import msgspec
import structlog

from chat.parts import parts_of
from console.deps import Deps, Files
from events.decisions import Reply
from events.log import LogError
from events.parts import FILES, Part
from events.subjects import ChatKey
from gateways.local.messages import messages_of
from projections.reads.views import Entry

_WITHIN = 5.0

log = structlog.get_logger("recado.console")


class Bubble(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a reply.

    - `part`: its content, in WhatsApp's limits.
    - `file`: the address at which the page has its file; None: it has none in the object store.
    - `size`: bytes of the file, where they are known.
    """

    part: Part
    file: str | None = None
    size: int | None = None


def bubbles_of(reply: Reply, seq: int, sizes: Mapping[str, int]) -> tuple[Bubble, ...]:
    """The messages of the reply at sequence `seq`; none if its text is all. `sizes`: as `sizes_of` gives them."""
    messages = messages_of(reply) if parts_of(reply) else []
    return tuple(_bubble(one, address(reply, seq, number), sizes) for number, one in enumerate(messages, 1))


def address(reply: Reply, seq: int, number: int) -> str:
    """The address of the file in the message `number`, from 1, of a reply. Nobody can guess it: a reply's id is random,
    and the file's own name is not in it."""
    chat, account, id_ = (quote(name, safe="") for name in (reply.chat, reply.account, reply.id))
    return f"/api/chats/{chat}/files/{seq}/{number}?account={account}&reply={id_}"


async def sizes_of(files: Files, replies: Iterable[Reply]) -> dict[str, int]:
    """The sizes of the documents that these replies send, by their objects; none if a store does not answer."""
    documents = {
        (reply.account, part.object)
        for reply in replies
        for part in parts_of(reply)
        if part.kind == "document" and part.object
    }
    try:
        async with asyncio.timeout(_WITHIN):
            known = {object_: await files.size(account, object_) for account, object_ in documents}
    except (TimeoutError, LogError) as error:
        log.warning("sizes_not_shown", reason=str(error) or f"no answer within {_WITHIN:g} s")
        return {}
    return {object_: size for object_, size in known.items() if size is not None}


async def of_history(deps: Deps, key: ChatKey, entries: Sequence[Entry]) -> dict[str, tuple[Bubble, ...]]:
    """The same for the replies of a history that have parts, by their ids."""
    replies = {entry.seq: _reply(key, entry) for entry in entries if entry.parts}
    sizes = await sizes_of(deps.files, replies.values())
    return {reply.id: bubbles_of(reply, seq, sizes) for seq, reply in replies.items()}


def _reply(key: ChatKey, entry: Entry) -> Reply:
    return Reply(
        id=entry.id,
        turn=entry.turn,
        chat=key.chat,
        account=key.account,
        text=entry.text or "",
        in_reply_to=entry.in_reply_to,
        author="operator" if entry.author == "operator" else "assistant",
        at=entry.at,
        parts=entry.parts,
    )


def _bubble(message: str | Part, file: str, sizes: Mapping[str, int]) -> Bubble:
    if isinstance(message, str):
        return Bubble(Part(kind="text", text=message))
    if message.kind not in FILES or message.object is None:
        return Bubble(message)
    return Bubble(message, file, sizes.get(message.object))
