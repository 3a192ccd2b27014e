"""Constants that a chat's state is folded with.

They are part of the projection's version (`projections.database.VERSION`): a release that changes one of them rebuilds
the projection, because the stored states were folded with the old one.
"""

from __future__ import annotations

from datetime import timedelta

READ_KINDS = frozenset({"image", "audio", "document"})
"""Kinds of messages whose file is read before the answer."""

ANSWERED_KINDS = READ_KINDS | {"text", "button", "video", "location", "contact"}
"""Kinds of messages that are answered; a video by its caption."""

CONTENT_KINDS = READ_KINDS | {"video", "location", "contact", "button"}
"""Kinds of messages that are content: the person is told if theirs cannot be answered."""

CONTENT_TYPES = frozenset({
    "event", "gif", "group_invite", "image", "link_preview", "list", "location", "media_placeholder", "order",
    "poll_creation", "product", "view_once",
})  # fmt: skip
"""Types of `unsupported` messages that are content. The others of Meta's list (2026-03-20) are edits, pins, votes and
reactions."""

CONTENT_CODES = frozenset({131060})
"""Codes of `unsupported` messages that are content: the message is unavailable at the moment."""

NAMED_KINDS = frozenset({"call", "poll", "system", "reaction"})
"""Kinds of messages that end with their kind as the reason, silently. A reaction is context of the next turn."""

ANSWERED_OTHERWISE = frozenset({
    "blocked", "bot_loop", "empty", "erased", "from_me", "groups_off", "help", "joined", "not_allowed", "poll",
    "reaction", "reset", "revoked", "start_word", "stop_word", "stopped", "system", "unaddressed",
})  # fmt: skip
"""Reasons of `ignored` after which a message does not wait for us any more: nobody is to answer it, or it was seen
to."""

SHORT = 24
"""Characters of a text that may be a word to the bot itself (`/help`, a stop word)."""

MOST_HEARD = 64
"""Senders of a group that are counted in an hour, each on their own."""

MOST_OURS = 32
"""Our own messages to a group that a person can quote to address the bot."""

MOST_ALIASES = 16
"""Other names of a message's sender that are kept."""

MOST_MENTIONS = 32
"""Mentions of a message that are kept."""

MOST_EARLY = 8
"""Edits and deletions of a chat that are kept for messages that may still come."""

LONGEST_EARLY = 65_536
"""Characters of such an edit, as many as WhatsApp takes; a longer one is not kept."""

LONGEST_CALL = 500
"""Characters of a group's message in which a name of the bot addresses it."""

QUICK = timedelta(seconds=3)
"""A message within this time after a reply counts as quick; many quick turns in a row are a bot's."""

ONCE = frozenset({"unapproved", "outside_hours", "rate_limited", "call"})
"""Reasons that a person is told the first time, not each time."""

STOPPED_WITHIN = timedelta(minutes=10)
"""Age up to which a run that was left behind may be worth stopping: no provider lets one work for longer."""

THREADLESS = frozenset({"chat", "scripted"})
"""Backends whose provider works only while recado listens: they leave no run behind."""

LONGEST_ASKED = 8_000
"""Characters of a tool's question that a provider's thread is told of later."""

MOST_MODELS = 8
"""Models whose tokens are counted apart, in a turn and in a chat's day."""


def fingerprint() -> str:
    """Every constant above as text, the same on each run."""
    return ";".join(f"{name}={_text(value)}" for name, value in sorted(globals().items()) if name.isupper())


def _text(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
