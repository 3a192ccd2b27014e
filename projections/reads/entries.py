"""Reads rows of one chat's history, turns and receipts as views."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from chat.receipts import Progress
from chat.references import NOTHING, References, notes
from chat.unseen import shown_name
from events.inbound import ReceiptError, ReceiptState
from events.parts import Part
from events.references import Choice
from projections.database import Row, ids_of, moment
from projections.reads.views import Entry, ReceiptView, TurnView

_ENTRY = (
    "SELECT h.seq, h.id, h.author, h.at, iif(h.revoked_at IS NULL, h.text, NULL), t.id, t.profile, h.sent, h.sender,"
    " h.name, h.kind, h.from_me, iif(h.revoked_at IS NULL, h.media, NULL), h.quoted, h.detail, h.ending, h.ended,"
    " h.ended_at, h.reason, h.repeats, h.repeat_seq, h.repeat_at, iif(h.revoked_at IS NULL, h.edited, NULL),"
    " h.edited_at, h.revoked_at, h.about, h.in_reply_to, h.backend, h.model, h.thread, h.run, h.input_tokens,"
    " h.output_tokens, h.cause, h.chat, iif(h.revoked_at IS NULL, h.reading, NULL),"
    " iif(h.revoked_at IS NULL, h.refers, NULL), iif(h.revoked_at IS NULL, h.typed, NULL), h.parts, h.quote"
    " FROM history h LEFT JOIN turns t ON t.chat = h.chat AND t.seq = h.turn"
)
_TURN = (
    'SELECT seq, id, at, messages, backend, state, "by", adoptions, adopted_at, cause, run, attempt, ended, ended_at,'
    " error, detail, told, input_tokens, output_tokens, profile FROM turns"
)
_RECEIPTS = (
    "SELECT seq, state, at, provider_id, error, part, parts, instead, template, pricing, file FROM receipts"
    " WHERE chat = ? AND reply = ? ORDER BY seq"
)


_references = msgspec.json.Decoder(References)
_choice = msgspec.json.Decoder(Choice)
_parts = msgspec.json.Decoder(tuple[Part, ...])

log = structlog.get_logger("recado.projections")


def entries(db: sqlite3.Connection, where: str, *values: object) -> Iterator[Entry]:
    """Messages and replies that an SQL condition on `h` (history) selects; a reply has its receipt. One that cannot
    be shown is of the kind `unshown`, and the others follow."""
    for row in db.execute(f"{_ENTRY} {where}", values).fetchall():
        try:
            entry = _entry(db, row)
        except Exception as defect:
            log.exception("not_shown", seq=row[0])
            entry = Entry(
                seq=row[0],
                id=row[1],
                author=row[2],
                at=moment(row[3]),
                text=None,
                turn=None,
                kind="unshown",
                detail=type(defect).__name__,
            )
        yield entry


def turns(db: sqlite3.Connection, where: str, *values: object) -> Iterator[TurnView]:
    """Turns that an SQL condition selects."""
    for row in db.execute(f"{_TURN} {where}", values).fetchall():
        (
            seq,
            id_,
            at,
            messages,
            backend,
            state,
            by,
            adoptions,
            adopted_at,
            cause,
            run,
            attempt,
            ended,
            ended_at,
            *rest,
        ) = row
        error, detail, told, input_tokens, output_tokens, profile = rest
        yield TurnView(
            seq=seq,
            id=id_,
            at=moment(at),
            messages=ids_of(messages),
            backend=backend,
            state=state,
            by=by,
            adoptions=adoptions,
            adopted_at=moment_or_none(adopted_at),
            cause=cause,
            run=run,
            attempt=attempt,
            ended_seq=ended,
            ended_at=moment_or_none(ended_at),
            error=error,
            detail=detail,
            told=None if told is None else bool(told),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            profile=profile,
        )


def receipts(db: sqlite3.Connection, chat: int, reply: str) -> tuple[ReceiptView, ...]:
    """Every receipt of a reply, in the order of the log."""
    return tuple(
        ReceiptView(
            seq=seq,
            state=state,
            at=moment(at),
            provider_id=provider_id,
            error=msgspec.Raw(error.encode()) if error is not None else None,
            part=part,
            parts=parts,
            instead=instead,
            template=template,
            pricing=msgspec.Raw(pricing.encode()) if pricing is not None else None,
            file=file,
        )
        for seq, state, at, provider_id, error, part, parts, instead, template, pricing, file in db.execute(
            _RECEIPTS, (chat, reply)
        )
    )


class Reached(NamedTuple):
    """The progress of a whole reply, and its time; `partly`: see Entry."""

    state: ReceiptState | None = None
    at: datetime | None = None
    partly: ReceiptError | None = None


def reached(steps: tuple[ReceiptView, ...]) -> Reached:
    """The state of a whole reply by its receipts."""
    progress, since = Progress(), None
    for step in steps:
        before = progress.state
        progress = progress.after(step.state, step.part, step.parts, step.template, step.file)
        since = step.at if progress.state != before else since
    if not (missing := progress.missing) or progress.state == "failed":
        return Reached(progress.state, since)
    errors = (step.error for step in steps if step.part in missing and (step.file or step.state == "failed"))
    error = next(filter(None, errors), None)
    return Reached(progress.state, since, msgspec.json.decode(error or b"{}", type=ReceiptError))


def moment_or_none(at: int | None) -> datetime | None:
    """The time in a nullable column."""
    return moment(at) if at is not None else None


def _entry(db: sqlite3.Connection, row: Row) -> Entry:
    (
        seq, id_, author, at, text, turn, profile, sent, sender, name, kind, from_me, media, quoted,
        detail, ending, ended, ended_at, reason, repeats, repeat_seq, repeat_at, edited, edited_at,
        revoked_at, about, in_reply_to, backend, model, thread, run, input_tokens, output_tokens,
        cause, chat, reading, refers, typed, parts, quote,
    ) = row  # fmt: skip
    if author != "person":
        way = reached(receipts(db, chat, id_))
        return Entry(
            seq=seq,
            id=id_,
            author=author,
            at=moment(at),
            text=text,
            turn=turn,
            profile=profile,
            about=about,
            in_reply_to=ids_of(in_reply_to),
            backend=backend,
            model=model,
            thread=thread,
            run=run,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cause=cause,
            parts=_parts.decode(parts) if parts is not None else (),
            quote=quote,
            receipt=way.state,
            receipt_at=way.at,
            partly=way.partly,
        )
    references = _references.decode(refers) if refers is not None else NOTHING
    return Entry(
        seq=seq,
        id=id_,
        author=author,
        at=moment(at),
        text=text,
        turn=turn,
        profile=profile,
        sent_at=moment_or_none(sent),
        sender=sender,
        name=shown_name(name),
        kind=kind,
        from_me=bool(from_me),
        media=msgspec.Raw(media.encode()) if media is not None else None,
        reading=msgspec.Raw(reading.encode()) if reading is not None else None,
        quoted=quoted,
        refers=tuple(map(str, notes(references))),
        references=references,
        choice=_choice.decode(typed) if typed is not None else references.choice,
        typed=typed is not None,
        detail=detail,
        ending=ending,
        ended_seq=ended,
        ended_at=moment_or_none(ended_at),
        reason=reason,
        repeats=repeats,
        repeat_seq=repeat_seq,
        repeat_at=moment_or_none(repeat_at),
        edited=edited,
        edited_at=moment_or_none(edited_at),
        revoked_at=moment_or_none(revoked_at),
    )
