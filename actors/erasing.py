"""Removes a chat from the provider, the object store, the dead letters and the log, in this order.

The log names the chat's threads and objects, so its own events go last. After a crash the erasure begins again with the
rest: removing a thing that is gone is no error. The projections forget the chat when they fold the decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import msgspec
import structlog

from actors.instance import Instance
from actors.persistence import persistently
from backends.protocol import CannotForget, ReplyFailed, Threads
from chat.erasing import PastRemoved
from chat.fold_constants import THREADLESS
from chat.parts import parts_of
from chat.work import Erase
from events.backoff import Backoff
from events.decisions import Erased, Reply, RunStarted, ThreadCreated
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.jetstream.media_store import BUCKET, SENT
from events.log import LogError, LogUnavailable
from events.parts import Part
from events.phrases import Phrase
from events.recorded import Recorded
from events.subjects import ChatKey, decisions_filter
from events.tool_calls import ToolReturned

PROVIDER_PATIENCE = 600.0
"""Seconds for which an unreachable provider is asked again; then its threads are reported as left."""

_LONGEST_PAUSE = 30.0
_MEDIA = f"{BUCKET}/"

log = structlog.get_logger("recado.actors")


class _Thread(msgspec.Struct):
    backend: str
    id: str
    profile: str
    runs: list[str]


async def last_known(instance: Instance, key: ChatKey) -> int:
    """Sequence of the chat's last event, once the projection has it and the chat's actor was told of it."""
    seq = await persistently(instance, "last_event", lambda: instance.log.last_of(key))
    await instance.progress.reached(seq)
    return seq


async def remove(instance: Instance, key: ChatKey, work: Erase) -> PastRemoved:
    """Erase the chat, and try again until that is done. Raises Fenced."""
    before = await _erase_others(instance, key, work)
    stored = await persistently(instance, "read", lambda: _stored(instance, key, work.seq))
    gone = [recorded for recorded in stored if recorded.side == "o" or recorded.seq <= work.upto]
    late = [recorded for recorded in stored if recorded.side == "i" and recorded.seq > work.upto]
    # Late events about erased ones go first: after the erased ones are gone, a late one would look new.
    about = {recorded.seq for recorded in late if _is_about(recorded, gone)}
    gone = [recorded for recorded in late if recorded.seq in about] + gone
    kept = set(_objects([recorded for recorded in late if recorded.seq not in about]))
    threads, left = await _forget_all(instance, _threads(stored))
    objects = 0
    for name in dict.fromkeys(_objects(gone)):
        if name not in kept:
            objects += await persistently(instance, "object", lambda name=name: instance.objects.erase(name))  # type: ignore[misc]
    letters = await persistently(instance, "letters", lambda: instance.log.erase_letters(key))
    for recorded in gone:
        await persistently(instance, "event", lambda at=recorded.seq: instance.log.erase(at))  # type: ignore[misc]
    log.info(
        "erased",
        chat=key.chat,
        events=len(gone),
        letters=letters,
        objects=objects,
        threads=threads,
        left=len(left),
    )
    first, *names = instance.people.family(key.account, key.chat)
    if first == key.chat:  # a chat that closed into another leaves the names to that one
        await persistently(instance, "names", lambda: instance.people.erase(key.account, names))
    await _forget_numbers(instance, key, work.chats)
    await _forget_marks(instance, key)
    return PastRemoved(
        work.seq,
        len(gone) + before.events,
        objects + before.objects,
        threads - len(left) + before.threads,
        (*before.left, *left),
    )


async def _forget_numbers(instance: Instance, key: ChatKey, chats: Sequence[str]) -> None:
    """Erase the former numbers of a person who changed the number, where no other person has come with one since."""
    for chat in chats:
        holder, *names = instance.people.family(key.account, chat)
        if not instance.people.changed_hands(key.account, chat):
            continue
        if not await persistently(instance, "holder", lambda: instance.log.last_of(ChatKey(key.account, holder))):  # noqa: B023
            await persistently(instance, "names", lambda: instance.people.erase(key.account, names))  # noqa: B023


async def _forget_marks(instance: Instance, key: ChatKey) -> None:
    """Delete what the users of the desk have seen of the chat: a hash and a number. Their bucket may be lost, so it
    holds no erasure up."""
    try:
        await instance.marks.forget(key)
    except LogError as error:
        log.warning("marks_left", chat=key.chat, reason=str(error), then="they go by themselves after 90 days")


async def _erase_others(instance: Instance, key: ChatKey, work: Erase) -> PastRemoved:
    """Have the chats erased that had closed into this one. A person who wants no replies or no marketing, or is
    blocked, stays so under every name: each then has a chat that says so."""
    total, holds = PastRemoved(work.seq, 0, 0, 0, ()), work.holds
    if holds is None:
        return total
    names = work.chats
    if holds.stopped or holds.opted_out or holds.admission == "blocked":
        first, *others = instance.people.family(key.account, key.chat)
        names = tuple(dict.fromkeys((*names, *others))) if first == key.chat else names
    for name in names:
        order = msgspec.structs.replace(holds, id=f"{holds.id}:{name}", from_=key.chat)
        if instance.people.changed_hands(key.account, name):  # nothing holds for the next holder of the number
            order = msgspec.structs.replace(order, admission="", stopped=False, opted_out=False, held="", until=None)
        done = await persistently(instance, "other", lambda: _erased(instance, ChatKey(key.account, name), order))  # noqa: B023
        total = PastRemoved(
            work.seq,
            total.events + done.events,
            total.objects + done.objects,
            total.threads + done.threads,
            (*total.left, *done.left),
        )
    return total


async def _erased(instance: Instance, key: ChatKey, order: Control) -> Erased:
    """Give the order, and wait for its receipt."""
    before = await instance.log.last_decision(key)
    if before is not None and isinstance(before.event, Erased) and before.event.cause == order.id and before.event.done:
        return before.event
    msg_id = f"control:{key.account}:{key.chat}:{order.id}"
    await instance.log.publish(key, order, msg_id=msg_id)
    after = before.seq if before is not None else 0
    async with aclosing(instance.log.tail(after, decisions_filter(key))) as tail:
        async for batch in tail:
            for recorded in batch:
                event = recorded.event
                if isinstance(event, Erased) and event.cause == order.id and event.done:
                    return event
    raise LogUnavailable(Phrase("the log was closed"))


def _is_about(recorded: Recorded, gone: Sequence[Recorded]) -> bool:
    """True if the event is about one of `gone`: the same message again, an edit or deletion of it, or a receipt."""
    match recorded.event:
        case Message(id=id_) | Control(id=id_):
            return any(isinstance(one.event, Message | Control) and one.event.id == id_ for one in gone)
        case Edit(of=of) | Revoke(of=of):
            return any(isinstance(one.event, Message) and one.event.id == of for one in gone)
        case Receipt():
            return True
    return False


async def _stored(instance: Instance, key: ChatKey, seq: int) -> list[Recorded]:
    return [recorded async for recorded in instance.log.of_chat(key, seq)]


def _objects(stored: Sequence[Recorded]) -> list[str]:
    """The files of the chat's messages, and those that were sent to it alone."""
    found: list[str] = []
    for recorded in stored:
        match recorded.event:
            case Message(media=media) if media is not None:
                found.append(media.object)
            case Control(parts=parts) | ToolReturned(send=parts):
                found += _sent(parts)
            case Reply() as reply:
                found += _sent(parts_of(reply))
    return found


def _sent(parts: Sequence[Part]) -> list[str]:
    return [part.object.removeprefix(_MEDIA) for part in parts if part.object and part.object.startswith(_MEDIA + SENT)]


def _threads(stored: Sequence[Recorded]) -> list[_Thread]:
    """Every thread that the chat has had at a provider, with its runs."""
    threads: dict[tuple[str, str, str], _Thread] = {}
    current: _Thread | None = None
    for recorded in stored:
        match recorded.event:
            case ThreadCreated(backend=backend, thread=thread, profile=profile):
                current = threads.setdefault((profile, backend, thread), _Thread(backend, thread, profile, []))
            case RunStarted(run=run) if current is not None:
                current.runs.append(run)
    return list(threads.values())


async def _forget_all(instance: Instance, threads: Sequence[_Thread]) -> tuple[int, list[str]]:
    """Have the provider of each thread's profile delete it. Returns the number of those at a provider, and the threads
    that are left there with the reason."""
    kept, left = 0, list[str]()
    for thread in threads:
        answering = await instance.profiles.find(thread.profile)
        if answering.lacks and thread.backend not in THREADLESS:
            why: str | None = _left(thread, f"{thread.profile}: {answering.lacks}")
        elif answering.threads.keeps(thread.backend):
            why = await _forget(instance, answering.threads, thread)
        else:
            continue
        kept += 1
        if why is not None:
            left.append(why)
    return kept, left


async def _forget(instance: Instance, provider: Threads, thread: _Thread) -> str | None:
    """Have the provider delete the thread; None if it did, else the thread and the provider's reason."""
    until = asyncio.get_running_loop().time() + PROVIDER_PATIENCE
    pause = Backoff(0.5, _LONGEST_PAUSE)
    while True:
        instance.fence.check()
        try:
            await provider.forget(thread.backend, thread.id, thread.runs)
        except CannotForget as refusal:
            why = refusal.detail
            break
        except ReplyFailed as failure:
            why = failure.detail
            if asyncio.get_running_loop().time() + pause.seconds >= until:
                break
            log.warning("erasure_waits", at="thread", backend=thread.backend, reason=why, retry_in=pause.seconds)
        else:
            return None
        await pause.wait()
    return _left(thread, why)


def _left(thread: _Thread, why: str) -> str:
    log.error("thread_left", backend=thread.backend, thread=thread.id, reason=why)
    return f"{thread.backend} {thread.id}: {why}"
