"""Makes one chat of two: orders from one to the other, and moving late messages."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from actors.instance import Instance
from actors.persistence import persistently
from chat.commands import Command
from chat.joining import GatesTold, Moved
from chat.work import CallIn, Joining, Move, TellClosed
from events import codec
from events.decisions import Attention
from events.inbound import INBOUND_TYPE_OF, Control, Edit, Message, Receipt, Revoke
from events.recorded import Unknown, Unreadable
from events.subjects import ChatKey


async def join(instance: Instance, key: ChatKey, work: Joining) -> Sequence[Command]:
    """Do the work, and try again until it is done. Raises Fenced."""
    match work:
        case CallIn(chat):
            # An order may come before the name: doctor gives some, and a restored bucket may be older than the log.
            await persistently(instance, "names", lambda: instance.people.closed(key.account, chat, key.chat))
            order = Control(id=f"join:{chat}", command="join", into=key.chat)
            await _give(instance, ChatKey(key.account, chat), order)
            return ()
        case TellClosed(closing):
            order = Control(
                id=f"joined:{key.chat}",
                command="join",
                from_=key.chat,
                into=closing.into,
                admission=closing.admission,
                stopped=closing.stopped,
                opted_out=closing.opted_out,
                held=closing.held,
                until=closing.until,
                messages=closing.others,
                reset=closing.reset,
                unsent=closing.unsent,
                to=closing.assigned or None,
                add=closing.labels,
                state=closing.state,
                snoozed_until=closing.snoozed_until,
                unanswered=closing.unanswered,
            )
            other = ChatKey(key.account, closing.into)
            await _give(instance, other, order)
            if closing.asked:
                asked = await persistently(instance, "read", lambda: instance.log.last_decision(key, "attention"))
                if asked is not None and isinstance(asked.event, Attention):
                    text, by = asked.event.text, asked.event.by
                    again = Control(id=f"joined:{key.chat}:{asked.seq}", command="handoff", text=text, by=by)
                    await _give(instance, other, again)
            return (GatesTold(closing.seq),)
        case Move(seqs, into, messages, order_id):
            for seq in seqs:
                await _move(instance, key, seq, into)
            return (Moved(messages, order_id),)


async def named(instance: Instance, key: ChatKey, names: Sequence[str]) -> None:
    """Have the names of a person written, as a message on the bus brought them; if they are those of another chat too,
    have the two joined. Raises Fenced."""
    person = await persistently(instance, "names", lambda: instance.people.person(key.account, names))
    if names[0] != key.chat or person.chat == key.chat:
        return
    # The chat of a person who changed the number has its order to close already.
    is_next_holder = instance.people.family(*key)[0] == person.chat and instance.people.changed_hands(*key)
    if not is_next_holder:
        await persistently(instance, "names", lambda: instance.people.order_join(key.account, key.chat, person.chat))


async def _give(instance: Instance, key: ChatKey, order: Control) -> None:
    msg_id = f"control:{key.account}:{key.chat}:{order.id}:{instance.fresh_id()}"
    await persistently(instance, "order", lambda: instance.log.publish(key, order, msg_id=msg_id))


async def _move(instance: Instance, key: ChatKey, seq: int, into: str) -> None:
    """Publish the event at `seq` in the chat `into`; nothing if it was erased."""
    raw = await persistently(instance, "move", lambda: instance.log.read(seq))
    if raw is None:
        return
    event = codec.read(seq, raw.subject, instance.bus_time.now(), raw.headers, raw.body).event
    if isinstance(event, Message):
        sender = event.sender if event.sender != key.chat else None
        event = replace(event, chat=None, sender=sender)
    if isinstance(event, Unreadable | Unknown) or not isinstance(event, Message | Edit | Revoke | Control | Receipt):
        return
    place, moved = ChatKey(key.account, into), event
    # Not the gateway's: of two chats that closed with the same message only the last one's copy is no repeat there, and
    # the server would drop it as the same.
    msg_id = f"{INBOUND_TYPE_OF[type(event)]}:{place.account}:{place.chat}:{event.id}:{key.chat}"
    await persistently(instance, "move", lambda: instance.log.publish(place, moved, msg_id=msg_id))
