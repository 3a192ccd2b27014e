"""News of the other chats: one line for each chat. A reader that is too slow for all of them gets the latest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from chat.unseen import shown_name
from events.decisions import Reply
from events.inbound import Message
from events.recorded import Recorded


class ChatNews(msgspec.Struct, frozen=True):
    """A chat's newest message or reply.

    - `chat`: the chat's JID.
    - `seq`: the sequence of its event.
    - `at`: when the log took it.
    - `author`: `person`, or the author of a reply.
    - `text`: its text.
    - `name`: the person's name, if the message has one.
    """

    chat: str
    seq: int
    at: datetime
    author: str
    text: str | None
    name: str | None = None


class Subscription:
    """One reader's unread news: at most one line a chat, so it is never larger than the list of chats."""

    def __init__(self) -> None:
        self._unread: dict[str, ChatNews] = {}
        self._some = asyncio.Event()

    def put(self, news: ChatNews) -> None:
        self._unread[news.chat] = news
        self._some.set()

    async def take(self) -> list[ChatNews]:
        """Wait for unread news, and take all of it."""
        await self._some.wait()
        self._some.clear()
        unread, self._unread = self._unread, {}
        return list(unread.values())


class News:
    """Sends the messages and replies of `account` to every open page. The runner calls `publish` as `on_committed`."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._readers: set[Subscription] = set()

    def publish(self, batch: Sequence[Recorded]) -> None:
        """Pass committed events on. Never blocks and never raises."""
        if not self._readers:
            return
        for recorded in batch:
            if recorded.key.account == self._account and (news := _news_of(recorded)) is not None:
                for reader in self._readers:
                    reader.put(news)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """News from now on, until the block is left."""
        reader = Subscription()
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)


def _news_of(recorded: Recorded) -> ChatNews | None:
    event, chat = recorded.event, recorded.key.chat
    if isinstance(event, Message) and not recorded.repeat:
        return ChatNews(chat, recorded.seq, recorded.at, "person", event.text, shown_name(event.name))
    if isinstance(event, Reply):
        return ChatNews(chat, recorded.seq, recorded.at, event.author, event.text)
    return None
