"""A sentence for each reason of `ignored`: a message without a reply, or an order that was not obeyed."""

from __future__ import annotations

EXPLAINED: dict[str, str] = {
    # in the message itself
    "empty": "there is no text in it",
    "from_me": "the business itself sent it",
    "unsupported_kind": "messages of this kind are not answered",
    "call": "it was a call",
    "poll": "it was a poll or a vote",
    "system": "WhatsApp wrote it about the person or the group",
    "unreadable": "its bytes cannot be read",
    "file_unreadable": "its file cannot be read",
    "malformed_id": "its id begins with seq:, which names unreadable bytes of the log",
    "broken": "recado broke on it again and again, and set it aside",
    "newer_version": "a newer recado wrote it",
    "malformed_chat": "its subject names no chat",
    "other_chat": "its body names another chat than its subject",
    "too_large": "its file is too large",
    "unsupported": "files of its kind are not opened",
    "not_fetched": "its file did not arrive",
    "revoked": "its sender deleted it before it was answered",
    # who is answered
    "not_allowed": "its sender is not on the list of those who are answered",
    "blocked": "its sender is blocked",
    "unapproved": "its sender has not been approved yet",
    "unaddressed": "it was said in a group and not to the bot",
    "groups_off": "groups are not answered",
    "rate_limited": "its sender wrote too many messages in too short a time",
    "bot_loop": "another bot seems to be writing",
    "stopped": "the person asked not to be answered any more",
    "outside_hours": "it came outside the business hours",
    "stop_word": "it was a stop word, and nobody is answered here until a start word",
    "start_word": "it was a start word: people are answered again",
    "help": "it asked for help, which was given",
    "reset": "it asked for a new conversation, which began",
    # when it is answered
    "paused": "the chat was paused",
    "taken_over": "a human had the chat",
    "handed_off": "a human was asked to take the chat over",
    "budget": "the chat had used up RECADO_MAX_TOKENS_PER_CHAT_PER_DAY",
    "stale": "it was older than RECADO_STALE_AFTER",
    "erased": "the chat was erased",
    "restored": "it was open in the backup from which the log was put back, and may have been answered since",
    "joined": "its chat has closed into another one of the same person, where it was moved to",
    # of an order
    "unknown_command": "recado knows no such order",
    "too_long": "its text is longer than one event of the log may be",
    "nothing_to_retry": "no failed turn has these messages",
    "ordered_again": "the same was ordered once more behind it",
    "in_use": "somebody has written since",
}


def because(reason: str | None) -> str:
    """The reason in a sentence, with its name; an unknown reason as it is."""
    if reason is None:
        return "no reason is given"
    return f"{EXPLAINED[reason]} ({reason})" if reason in EXPLAINED else reason
