"""The state of a chat: small however long its history, because an actor wakes from it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.spending import Used
from chat.turn import Turn
from events.inbound import Control
from events.parts import Option
from events.references import Choice
from events.teamwork import State


class Waiting(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A message without an ending and without a turn.

    - `id`, `seq`: its id and its sequence in the log
    - `sent`: time at which the person sent it, never later than `stored`
    - `stored`: the log's stamp
    - `fault`: reason in the message itself to ignore it; None: there is none
    - `media`: it has a file to read
    - `silent`: nobody is told that it is ignored
    - `sender`: JID of the person
    - `group`: JID of the group it was sent to; empty outside groups
    - `said`: its text in small letters, if short; else empty
    - `mentions`: JIDs that it mentions, in groups
    - `spoken`: the beginning of its text as `plain_words` gives it, in groups
    - `quoted`: id of the message that it quotes, in groups
    - `aliases`: other names of the person, for the lists of who is answered
    - `choice`: the choice of our last question that its words name, or that was tapped
    - `count_in_hour`: 1 for the first message of its sender in this hour, 2 for the second …
    """

    id: str
    seq: int
    sent: datetime
    stored: datetime
    fault: str | None = None
    media: bool = False
    silent: bool = False
    sender: str = ""
    group: str = ""
    said: str = ""
    mentions: tuple[str, ...] = ()
    quoted: str | None = None
    count_in_hour: int = 0
    spoken: str = ""
    aliases: tuple[str, ...] = ()
    choice: Choice | None = None


class Thread(msgspec.Struct, frozen=True, gc=False):
    """The conversation's place at a backend.

    - `backend`, `id`: the mode, and the thread's id there
    - `edits_known_upto`: the thread has all edits and deletions up to this sequence
    - `known_upto`: the thread has everything else that was said up to this decision
    - `profile`: the version of a profile whose server and key made it; empty: the instance's own settings
    - `asked`: the question that ended its last turn, which it does not have as an answer; empty: it ended otherwise
    """

    backend: str
    id: str
    edits_known_upto: int = 0
    known_upto: int = 0
    profile: str = ""
    asked: str = ""


class Rewrite(msgspec.Struct, frozen=True, gc=False):
    """An edit or deletion of an open message that no turn knows of yet.

    - `of`: id of the message
    - `seq`: sequence of the edit or deletion
    - `revoked_at`: sequence of the deletion; 0: the message was not deleted
    """

    of: str
    seq: int
    revoked_at: int


class Early(msgspec.Struct, frozen=True, gc=False):
    """The newest edit or deletion of a message, in case the message comes after it.

    - `of`: id of the message
    - `seq`, `at`: its sequence and the log's stamp
    - `text`: the new words; None: the message was deleted
    - `revoked_at`: sequence of the deletion; 0: the message was not deleted
    """

    of: str
    seq: int
    at: datetime
    text: str | None
    revoked_at: int


class Stray(msgspec.Struct, frozen=True, gc=False):
    """A run that a turn left behind at the provider, and that may still be working.

    - `turn`, `backend`, `thread`: the turn that left it, its mode and thread
    - `run`: the run's id; None if it was never known
    - `at`: time at which it was left
    - `profile`: that of the turn
    """

    turn: str
    backend: str
    thread: str
    run: str | None
    at: datetime
    profile: str = ""


class Spent(msgspec.Struct, frozen=True, gc=False):
    """Tokens that a chat has cost on a day (UTC, as YYYY-MM-DD); `used` has them by model."""

    day: str
    tokens: int
    used: tuple[Used, ...] = ()


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Messages end unanswered for `reason` until `until`; None: until an operator resumes."""

    until: datetime | None
    reason: str = "paused"


class Hand(msgspec.Struct, frozen=True, gc=False):
    """An event after which a human has the chat.

    - `id`: of the operator's reply or of the attention
    - `since`: its time
    - `reason`: of the pause that follows
    """

    id: str
    since: datetime
    reason: str


class SenderCount(msgspec.Struct, frozen=True, gc=False):
    """Messages that a sender has written in this hour."""

    sender: str
    count: int


class ToldReason(msgspec.Struct, frozen=True, gc=False):
    """The last time that the person was told of a reason."""

    reason: str
    at: datetime


class OpenAttention(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An attention that is open.

    - `told`: the person was told of it
    - `about_reply`: a human is to look at a reply that may not have arrived; the bot goes on answering
    """

    id: str
    told: bool = False
    about_reply: bool = False


class Unsent(msgspec.Struct, frozen=True, gc=False):
    """A reply that may not have reached the person, since `at`; `said` is the reason. No human was asked about it."""

    reply: str
    said: str
    at: datetime


class Erasing(msgspec.Struct, frozen=True, gc=False):
    """An erasure that was decided and is not carried out yet.

    - `seq`: sequence of the decision
    - `upto`: events up to here are to be removed wherever they are
    - `by`, `cause`: as in the decision
    - `joined`: chats that had closed into this one, which are erased first
    """

    seq: int
    upto: int
    by: str | None = None
    cause: str | None = None
    joined: tuple[str, ...] = ()


class Joint(msgspec.Struct, frozen=True, gc=False):
    """A chat that closed, or is to close, into this one; `whole` once it has told its gates."""

    chat: str
    whole: bool = False


class Closing(msgspec.Struct, frozen=True, gc=False):
    """The gates of a chat when it closed with the decision at `seq`; the other fields as in Joined."""

    seq: int
    into: str
    admission: str
    stopped: bool
    held: str
    until: datetime | None
    others: tuple[str, ...]
    reset: int = 0
    asked: str = ""
    unsent: str = ""
    opted_out: bool = False
    assigned: str = ""
    labels: tuple[str, ...] = ()
    state: State = "open"
    snoozed_until: datetime | None = None
    unanswered: datetime | None = None


class Order(msgspec.Struct, frozen=True, gc=False):
    """A control at `seq` that no decision has named as its cause yet."""

    seq: int
    control: Control


class Chat(msgspec.Struct, frozen=True, gc=False):
    """The folded state.

    - `inbound_seq`, `decision_seq`: cursors; an event of that side at or below its cursor was applied
    - `waiting`: messages without an ending and without a turn, in log order
    - `turn`: the turn that runs
    - `thread`: the conversation's place at the backend
    - `pause`: the pause in force
    - `orders`: controls that are not obeyed yet
    - `apology`: the failed turn that the person is still to be told of
    - `reset_upto`: events up to here are no context any more
    - `notice`, `notice_reason`: the message that the person is still to be told is not answered, and why
    - `strays`: runs that may have to be stopped
    - `spent`: cost of the last day that cost anything
    - `hand`: the last act of a human that the chat is still to be paused for
    - `attention`: the open request for a human
    - `rewrites`: edits and deletions of open messages
    - `rewritten`: sequence of the last edit or deletion of any other message
    - `admission`: `approved` or `blocked` by order; empty: neither
    - `stopped`: the person wants no replies
    - `told`: reasons that the person was told of
    - `hour`, `senders`: the hour since 1970, and the senders counted in it
    - `replied`: time of the last answer
    - `quick`: turns in a row that followed a reply within seconds
    - `our_message_ids`: the last messages that we sent to a group
    - `early`: the last edits and deletions, oldest first
    - `erasing`: the erasure under way
    - `unsent`: the reply that a human is still to be asked about
    - `told_to_wait`: the turn whose person was told that the answer takes a while; empty: none
    - `last_wrote`: time of the person's last message that has a turn or an ending
    - `began_at`: sequence of the erasure that the chat began again with; 0 for the first beginning
    - `into`: the chat into which this one has closed; empty: it is open
    - `closing`: what the other chat is still to be told
    - `joints`: the chats that closed into this one
    - `question`: the choices of our last word, while that is a question
    - `acknowledged`: the last message that was reacted to because its turn started
    - `opted_out`: the person wants no marketing messages
    - `assigned`: the user who has the chat; empty: none
    - `labels`: its labels, in the order in which they came
    - `state`, `snoozed_until`: as `state` and `until` of Resolved; a word after sequence `state_upto` opens the chat
    - `unanswered`: the log's stamp on the first word of the person since ours; None: none waits for us
    - `wrote`, `by_hand`: sequences of the person's last word, and of the last one by hand
    """

    inbound_seq: int = 0
    decision_seq: int = 0
    waiting: tuple[Waiting, ...] = ()
    turn: Turn | None = None
    thread: Thread | None = None
    pause: Pause | None = None
    orders: tuple[Order, ...] = ()
    apology: str | None = None
    reset_upto: int = 0
    notice: str | None = None
    strays: tuple[Stray, ...] = ()
    spent: Spent | None = None
    notice_reason: str = "budget"
    hand: Hand | None = None
    attention: OpenAttention | None = None
    rewrites: tuple[Rewrite, ...] = ()
    rewritten: int = 0
    admission: str = ""
    stopped: bool = False
    told: tuple[ToldReason, ...] = ()
    hour: int = 0
    senders: tuple[SenderCount, ...] = ()
    replied: datetime | None = None
    quick: int = 0
    our_message_ids: tuple[str, ...] = ()
    early: tuple[Early, ...] = ()
    erasing: Erasing | None = None
    began_at: int = 0
    unsent: Unsent | None = None
    into: str = ""
    closing: Closing | None = None
    joints: tuple[Joint, ...] = ()
    told_to_wait: str = ""
    last_wrote: datetime | None = None
    question: tuple[Option, ...] = ()
    opted_out: bool = False
    acknowledged: str = ""
    assigned: str = ""
    labels: tuple[str, ...] = ()
    state: State = "open"
    state_upto: int = 0
    snoozed_until: datetime | None = None
    unanswered: datetime | None = None
    wrote: int = 0
    by_hand: int = 0
