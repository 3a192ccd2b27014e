"""Makes drafts of pairs of question and answer: sightings in groups, counted, without words that tell of one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.settled import MOST_ASKED, Settled, seconds, settled_of
from projections.drafts.masking import masked
from projections.drafts.sightings import Names, Sighting, of_messages, sightings
from projections.drafts.topics import Topics, topic_of

MOST = 200
"""Drafts; of more the rarest are left out, among equals the oldest."""

MOST_SETTLED = 2_000
"""Questions of settled drafts that are compared, the newest."""

WORDINGS = 5
"""Other words of the same question that a draft shows."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A question that the documents do not answer.

    - `seq`: the sequence of a message that asks it; the draft is named by it.
    - `question`: as it was asked last.
    - `answer`: as a human answered it last; empty: none did.
    - `count`: how often it was asked, in `people` chats.
    - `first`, `last`: when.
    - `why`: how often for each reason: as in chat.left_open, or `by_hand`.
    - `wordings`: other words of it.
    - `asked`: of its newest questions in as many chats as there are, the sequences of their messages.
    - `seqs`: of all its questions the first message.
    """

    seq: int
    question: str
    answer: str
    count: int
    people: int
    first: datetime
    last: datetime
    why: dict[str, int]
    wordings: tuple[str, ...]
    asked: tuple[tuple[int, ...], ...]
    seqs: frozenset[int]


class Drafts(msgspec.Struct, frozen=True):
    """Drafts, the most frequent first, of these a newer one before an older one.

    - `log`: when the log was created whose messages they name.
    - `left_out`: the number of rarer ones.
    """

    log: datetime
    there: tuple[Draft, ...]
    left_out: int = 0

    def of(self, seq: int) -> Draft | None:
        """The draft that has the question whose first message is at this sequence."""
        return next((one for one in self.there if seq in one.seqs), None)

    def settled(self, draft: Draft) -> Settled:
        """The mark that is kept of an accepted or dismissed draft."""
        return settled_of(self.log, draft.asked)


class _Asked(msgspec.Struct, frozen=True):
    sighting: Sighting
    question: str


def drafts(
    db: sqlite3.Connection,
    questions: Iterable[str],
    settled: Iterable[Settled],
    accounts: Collection[str] | None = None,
) -> Drafts:
    """The drafts. Call it within a read transaction.

    - `questions`: those of pairs that are there: the same question is no draft.
    - `settled`: drafts that were accepted or dismissed, and do not come again.
    - `accounts`: those whose chats count; None: all.
    """
    log = datetime.fromisoformat(db.execute("SELECT stream FROM meta").fetchone()[0])
    gone = sorted(seqs for one in settled if one.log == seconds(log) for seqs in one.asked)[-MOST_SETTLED:]
    topics, names = Topics(), Names(db)
    for question in [*questions, *(masked(one.question, one.names) for one in of_messages(db, names, gone))]:
        if topic := topic_of(question):
            topics.add(topic)
    known, answered = len(topics), {seq for seqs in gone for seq in seqs}
    groups = dict[int, list[_Asked]]()
    for one in sightings(db, names):
        if (accounts is not None and one.account not in accounts) or not answered.isdisjoint(one.seqs):
            continue
        question = masked(one.question, one.names)
        if not (topic := topic_of(question)):
            continue
        found = topics.find(topic)
        place = topics.add(topic) if found is None else found
        if place >= known:
            groups.setdefault(place, []).append(_Asked(one, question))
    ranked = sorted(groups.values(), key=lambda asked: (len(asked), asked[-1].sighting.at), reverse=True)
    return Drafts(log, tuple(map(_draft, ranked[:MOST])), max(0, len(ranked) - MOST))


def _draft(asked: Sequence[_Asked]) -> Draft:
    """The draft of a group, which is in the order of the log."""
    last = asked[-1]
    answered = next((one.sighting for one in reversed(asked) if one.sighting.answer), None)
    wordings = dict.fromkeys(one.question for one in reversed(asked) if one.question != last.question)
    by_chat = {one.sighting.chat: one.sighting.seqs for one in asked}
    named = sorted(by_chat.values())[-MOST_ASKED:]
    return Draft(
        seq=last.sighting.seqs[0],
        question=last.question,
        answer=masked(answered.answer, answered.names) if answered is not None else "",
        count=len(asked),
        people=len(by_chat),
        first=asked[0].sighting.at,
        last=last.sighting.at,
        why=dict(sorted(Counter(one.sighting.why for one in asked).items())),
        wordings=tuple(wordings)[:WORDINGS],
        asked=tuple(named),
        seqs=frozenset(one.sighting.seqs[0] for one in asked),
    )
