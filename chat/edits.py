"""Messages that their sender edits or deletes, and the work that this leaves for the chat.

An event here commutes with every decision that does not know of it: an actor applies its own decisions before the tail
brings the events that were stored before them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from chat.changes import Changes
from chat.fold_constants import LONGEST_EARLY, MOST_EARLY
from chat.state import Chat, Early, Rewrite
from chat.turn import Turn
from events.inbound import Edit, Message, Revoke


def came_in(chat: Chat, event: Edit | Revoke, seq: int, at: datetime) -> Chat:
    """A message was edited or deleted. A running turn with it starts again; a thread that has it is replaced."""
    if seq >= chat.began_at:
        chat = replace(chat, early=_with(chat.early, event, seq, at))
    running = chat.turn.messages if chat.turn is not None else ()
    if event.of not in running and all(message.id != event.of for message in chat.waiting):
        if seq < chat.began_at:
            return chat  # the message was erased
        return replace(chat, inbound_seq=seq, rewritten=max(chat.rewritten, seq))
    before = next((rewrite.revoked_at for rewrite in chat.rewrites if rewrite.of == event.of), 0)
    others = tuple(rewrite for rewrite in chat.rewrites if rewrite.of != event.of)
    rewrite = Rewrite(event.of, seq, seq if isinstance(event, Revoke) else before)
    return replace(chat, inbound_seq=seq, rewrites=(*others, rewrite))


def _with(early: tuple[Early, ...], event: Edit | Revoke, seq: int, at: datetime) -> tuple[Early, ...]:
    """The edits and deletions with this one; a deleted message stays deleted."""
    before = next((one for one in early if one.of == event.of), None)
    text = event.text if isinstance(event, Edit) and (before is None or before.text is not None) else None
    if text is not None and len(text) > LONGEST_EARLY:
        return early
    revoked_at = seq if isinstance(event, Revoke) else before.revoked_at if before is not None else 0
    return (*[one for one in early if one is not before], Early(event.of, seq, at, text, revoked_at))[-MOST_EARLY:]


def early_of(chat: Chat, id_: str) -> Early | None:
    """The edit or deletion that came before the message `id_`."""
    return next((one for one in chat.early if one.of == id_), None) if chat.early else None


def in_newest_words(chat: Chat, message: Message) -> Message:
    """The message, in the words to which it was edited before it came."""
    early = early_of(chat, message.id)
    return message if early is None or early.text is None else replace(message, text=early.text)


def met(chat: Chat, message: Message) -> Chat:
    """The state once the message has come to which an early edit or deletion belongs, as if that had come now."""
    early = early_of(chat, message.id)
    if early is None:
        return chat
    others = tuple(one for one in chat.early if one is not early)
    rewrite = Rewrite(early.of, early.seq, early.revoked_at)
    return replace(chat, early=others, rewrites=(*chat.rewrites, rewrite))


def seen(chat: Chat, messages: tuple[str, ...], upto: int) -> tuple[Rewrite, ...]:
    """The rewrites that are left once a turn of `messages` knows of all up to sequence `upto`. A deleted message stays:
    it still has to end."""
    if not chat.rewrites:
        return ()
    return tuple(one for one in chat.rewrites if one.revoked_at or one.of not in messages or one.seq > upto)


def ended(chat: Chat, messages: tuple[str, ...], changes: Changes) -> Changes:
    """`changes` of a decision that ends these messages, with the rewrites of those messages settled."""
    over = [rewrite.seq for rewrite in chat.rewrites if rewrite.of in messages]
    if over:
        changes["rewrites"] = tuple(rewrite for rewrite in chat.rewrites if rewrite.of not in messages)
        changes["rewritten"] = max(chat.rewritten, *over)
    return changes


def revoked(chat: Chat) -> tuple[str, ...]:
    """Open messages that their sender deleted, in no turn or in the one that runs."""
    return tuple(rewrite.of for rewrite in chat.rewrites if rewrite.revoked_at) if chat.rewrites else ()


def is_outdated(chat: Chat, turn: Turn) -> bool:
    """True if the turn answers words that were edited or deleted since."""
    return turn.reduced or any(rewrite.of in turn.messages for rewrite in chat.rewrites)
