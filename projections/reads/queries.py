"""Queries for commands and pages: chats, histories, threads, turns, usage, and a search through all text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from chat.unseen import shown_name
from events.settled import Settled
from events.subjects import ChatKey
from events.teamwork import State
from projections.database import micros, moment, rows_for
from projections.drafts.drafts import Drafts, drafts
from projections.reads.accounts import within
from projections.reads.chat_list import Asked, conditions
from projections.reads.chat_queries import ChatQueries
from projections.reads.chat_rows import of_ids
from projections.reads.control_view import ControlView
from projections.reads.deliveries import deliveries
from projections.reads.entries import turns
from projections.reads.found import FoundPage, Within, found
from projections.reads.lines import Beside, LinesPage, beside, last_wrote, lines, message
from projections.reads.person import PersonView, person
from projections.reads.states import states
from projections.reads.trouble_views import DeliveryView, TroubleView
from projections.reads.unread import unread
from projections.reads.usage_view import UsageView
from projections.reads.views import (
    AttentionView,
    ChatView,
    Counts,
    Entry,
    Found,
    ThreadView,
    TurnView,
    Why,
)
from projections.reads.volume import Volume, volume
from projections.reads.why import control, last_message, why
from projections.trouble import ended_or_passed, stuck

log = structlog.get_logger("recado.projections")

ATTENTION = ".h"
"""The end of an attention's id, after the id of the turn or the order that asked for it."""

_CHAT = "(SELECT id FROM chats WHERE account = ? AND chat = ?)"
_LISTED = (
    "SELECT id FROM chats INDEXED BY listed WHERE marks >= 0 AND ? IN (account, '') ORDER BY last_at DESC, id LIMIT ?"
)
_FIRST_OF = (
    ") SELECT wanted.id, history.seq FROM wanted CROSS JOIN chats USING (account, chat) CROSS JOIN history"
    " ON history.id = wanted.id AND history.chat = chats.id AND history.author = 'person'"
)
_THREADS = (
    "SELECT account, chats.chat, seq, backend, thread, reason, at, ended IS NULL AS current, threads.messages,"
    " threads.replies, input_tokens, output_tokens FROM threads JOIN chats ON chats.id = threads.chat"
    " WHERE ? IN (account, '') AND ? IN (chats.chat, '') ORDER BY account, chats.chat, seq"
)
_USAGE = (
    "SELECT account, chats.chat, day, backend, model, usage.replies, input_tokens, output_tokens, cached_tokens,"
    " seconds FROM usage JOIN chats ON chats.id = usage.chat WHERE ? IN (account, '') AND ? IN (chats.chat, '')"
    " AND day >= ? AND {within} ORDER BY account, chats.chat, day, backend, model"
)
_ATTENTION = (
    "SELECT account, chat, name, attention FROM chats INDEXED BY attention"
    " WHERE asked_at IS NOT NULL AND ? IN (account, '') ORDER BY asked_at, id"
)
_IDLE = (
    "SELECT account, chat, last_at FROM chats WHERE last_at < ? AND (messages OR replies) AND NOT owes"
    " AND closed_into IS NULL AND partition IN (SELECT value FROM json_each(?)) ORDER BY last_at LIMIT ?"
)
_COUNTS = (
    "SELECT (SELECT checkpoint FROM meta), coalesce(sum(chats), 0), coalesce(sum(to_do), 0), coalesce(sum(timed), 0),"
    " (SELECT count(*) FROM chats INDEXED BY attention WHERE asked_at IS NOT NULL), coalesce(sum(messages), 0),"
    " coalesce(sum(replies), 0) FROM totals"
)
_TO_DO = "SELECT count(*) FROM chats INDEXED BY waking WHERE wakes AND to_do"


class Queries(ChatQueries):
    """Answers as of the projection's checkpoint. Every method may raise ProjectionMissing."""

    def chats(self, account: str | None = None, limit: int | None = None) -> tuple[ChatView, ...]:
        """The chats, or `limit` of them, those with the latest activity first."""
        with self._reader.transaction() as db:
            found = db.execute(_LISTED, (account or "", -1 if limit is None else limit)).fetchall()
            return of_ids(db, [id_ for (id_,) in found])

    def drafts(
        self, questions: Iterable[str], settled: Iterable[Settled], accounts: Collection[str] | None = None
    ) -> Drafts:
        """Questions that the documents do not answer, without these `questions` of pairs and the `settled` drafts."""
        with self._reader.transaction() as db:
            return drafts(db, questions, settled, accounts)

    def states(self, now: datetime, accounts: Sequence[str] | None = None) -> dict[State, int]:
        """The number of chats of these accounts in each state at `now`."""
        with self._reader.transaction() as db:
            return states(db, now, accounts)

    def unread(self, upto: Mapping[ChatKey, int]) -> dict[ChatKey, int]:
        """The number of messages in each chat after the sequence that `upto` has for it, as unread.MOST counts."""
        return unread(self._reader.connection(), upto)

    def volume(
        self,
        since: datetime,
        until: datetime,
        step: timedelta,
        key: ChatKey | None = None,
        accounts: tuple[str, ...] | None = None,
    ) -> tuple[Volume, ...]:
        """The counts of each `step` of the time from `since` to `until`, in all chats, in one, or in those of these
        accounts."""
        with self._reader.transaction() as db:
            chat = None
            if key is not None:
                row = db.execute(f"SELECT {_CHAT}", key).fetchone()
                chat = row[0] if row[0] is not None else 0
            return volume(db, (since, until, step), chat, accounts)

    def attention(self, account: str | None = None) -> tuple[AttentionView, ...]:
        """The chats that ask for a human, the longest wait first."""
        rows = self._reader.connection().execute(_ATTENTION, (account or "",)).fetchall()
        return tuple(_attention_view(*row) for row in rows)

    def firsts(self, key: ChatKey, messages: Iterable[str]) -> dict[str, int]:
        """The sequences of the chat's first messages with these ids; unknown ids are left out."""
        named = [(*key, id_) for id_ in dict.fromkeys(messages)]
        return dict(rows_for(self._reader.connection(), "WITH wanted (account, chat, id) AS (", named, _FIRST_OF))

    def history(self, key: ChatKey, limit: int = 50, before: int | None = None) -> tuple[Entry, ...]:
        """The last `limit` messages and replies of a chat, oldest first; only those before sequence `before`."""
        return self.lines(key, limit, before=before).entries

    def lines(
        self,
        key: ChatKey,
        limit: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
    ) -> LinesPage:
        """A page of a chat's messages and replies: its end, or those `before`, `after` or `around` a sequence."""
        with self._reader.transaction() as db:
            return lines(db, key, limit, before, after, around)

    def beside(self, key: ChatKey, shown: Sequence[Entry]) -> Beside:
        """The lines and names that belong to these lines of the chat, the oldest first, and may be on another page."""
        with self._reader.transaction() as db:
            return beside(db, key, shown)

    def message(self, key: ChatKey, id_: str) -> Entry | None:
        """A message of the chat; None if it has none of this id."""
        with self._reader.transaction() as db:
            return message(db, key, id_)

    def person(self, key: ChatKey, most: int) -> PersonView:
        """The person of the chat, with at most `most` of the last things and turns."""
        with self._reader.transaction() as db:
            return person(db, key, most)

    def last_wrote(self, key: ChatKey) -> tuple[str, datetime] | None:
        """The id and the time of the person's last message in the chat; None if there is none."""
        with self._reader.transaction() as db:
            return last_wrote(db, key)

    def threads(self, account: str | None = None, chat: str | None = None) -> tuple[ThreadView, ...]:
        """Every present and former place of a chat at a backend, oldest first within a chat."""
        rows = self._reader.connection().execute(_THREADS, (account or "", chat or "")).fetchall()
        names = ThreadView.__struct_fields__
        return tuple(
            ThreadView(**{**dict(zip(names, row, strict=True)), "at": moment(row[6]), "current": bool(row[7])})
            for row in rows
        )

    def turns(self, key: ChatKey, limit: int = 50) -> tuple[TurnView, ...]:
        """The last `limit` turns of a chat, newest first."""
        where = f"WHERE chat = {_CHAT} ORDER BY seq DESC LIMIT ?"
        return tuple(turns(self._reader.connection(), where, *key, limit))

    def usage(
        self,
        account: str | None = None,
        chat: str | None = None,
        since: str = "",
        accounts: tuple[str, ...] | None = None,
    ) -> tuple[UsageView, ...]:
        """Replies and tokens by chat, day, backend and model, from the day `since` (`2026-08-26`) on; of these accounts
        alone."""
        condition, given = within(accounts, "chats.account")
        found = (account or "", chat or "", since, *given)
        rows = self._reader.connection().execute(_USAGE.format(within=condition), found).fetchall()
        return tuple(UsageView(**dict(zip(UsageView.__struct_fields__, row, strict=True))) for row in rows)

    def search(
        self, text: str, account: str | None = None, chat: str | None = None, limit: int = 50
    ) -> tuple[Found, ...]:
        """The newest messages and replies that contain all words of `text`, as `found` finds them."""
        return self.found(text, limit, account=account, chat=chat).hits

    def found(
        self,
        text: str,
        limit: int,
        *,
        account: str | None = None,
        chat: str | None = None,
        among: tuple[Asked, datetime] | None = None,
        after: int | None = None,
        before: int | None = None,
    ) -> FoundPage:
        """A page of the messages and replies that contain all words of `text`, the newest first.

        The last word may be the beginning of one. Case, accents, width and the written form of a number make no
        difference; nothing in `text` is syntax. `among`: only in the chats that a list has under these filters at
        this time. The page comes after the hit at sequence `after`, or ends before the one at `before`; without both it
        is the first.
        """
        filters = tuple(conditions(*among)) if among is not None else ()
        with self._reader.transaction() as db:
            return found(db, text, limit, Within(account, chat, filters), after, before)

    def why(self, id_: str, account: str | None = None, chat: str | None = None) -> tuple[Why, ...]:
        """Everything known of the messages, replies, controls, turns and runs with this id: mostly one, none if
        unknown. For an attention it is the turn, or the order, that asked for a human."""
        with self._reader.transaction() as db:
            found = tuple(why(db, id_, account or "", chat or ""))
            if not found and id_.endswith(ATTENTION):
                found = tuple(why(db, id_.removesuffix(ATTENTION), account or "", chat or ""))
            return found

    def order(self, key: ChatKey, id_: str) -> ControlView | None:
        """The chat's order with this id; None if it has none."""
        return control(self._reader.connection(), id_, *key)

    def why_last(self, account: str | None = None, chat: str | None = None) -> tuple[Why, ...]:
        """Everything known of the last inbound message; none if there is none."""
        with self._reader.transaction() as db:
            found = last_message(db, account or "", chat or "")
            return tuple(why(db, *found)) if found is not None else ()

    def idle(self, before: datetime, partitions: Collection[int], limit: int) -> tuple[tuple[ChatKey, datetime], ...]:
        """At most `limit` chats of these partitions that have messages or replies, no pending work, and no activity
        since `before`; each with the time of its last activity."""
        wanted = msgspec.json.encode(sorted(partitions)).decode()
        rows = self._reader.connection().execute(_IDLE, (micros(before), wanted, limit)).fetchall()
        return tuple((ChatKey(account, chat), moment(last_at)) for account, chat, last_at in rows)

    def chats_by_partition(self) -> dict[int, int]:
        """The number of chats in each partition that has any."""
        rows = self._reader.connection().execute("SELECT partition, chats FROM totals").fetchall()
        return dict(rows)

    def trouble(self, now: datetime, accounts: Sequence[str] | None = None) -> tuple[TroubleView, ...]:
        """The chats of these accounts that need a look: first those that are stuck at `now`, then those with a bad
        ending."""
        with self._reader.transaction() as db:
            where = within(accounts)
            return (*stuck(db, now, where), *ended_or_passed(db, now, where))

    def stuck(self, now: datetime) -> int:
        """The number of chats that are stuck at `now`."""
        with self._reader.transaction() as db:
            return sum(1 for _ in stuck(db, now))

    def deliveries(self) -> tuple[DeliveryView, ...]:
        """The accounts with replies that are not with their person."""
        return deliveries(self._reader.connection())

    def to_do(self) -> int:
        """The number of chats that have work for the service now."""
        count: int = self._reader.connection().execute(_TO_DO).fetchone()[0]
        return count

    def checkpoint(self) -> int:
        """The sequence of the last event that the projection holds."""
        checkpoint: int = self._reader.connection().execute("SELECT checkpoint FROM meta").fetchone()[0]
        return checkpoint

    def counts(self) -> Counts:
        """The totals of the projection."""
        row = self._reader.connection().execute(_COUNTS).fetchone()
        return Counts(**dict(zip(Counts.__struct_fields__, row, strict=True)))


def _attention_view(account: str, chat: str, name: str | None, event: str) -> AttentionView:
    """The row's request for a human, also one that cannot be shown."""
    where = {"account": account, "chat": chat, "name": shown_name(name)}
    try:
        return msgspec.convert({**msgspec.json.decode(event), **where}, AttentionView)
    except (msgspec.DecodeError, TypeError):
        log.exception("not_shown", chat=chat)
        return AttentionView(**where, id="", text="(cannot be shown)", by="?", at=moment(0))  # type: ignore[arg-type]
