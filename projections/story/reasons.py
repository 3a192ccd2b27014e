"""A sentence for each reason and class in an event: why a message got no reply, an order was not obeyed, a turn failed,
or a reply was not sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.phrases import Phrase
from events.reasons import FailureClass, IgnoredReason, ReceiptClass

EXPLAINED: dict[IgnoredReason, str] = {
    # in the message itself
    "empty": "there is no text in it",
    "from_me": "the business itself sent it",
    "unsupported_kind": "messages of this kind are not answered",
    "call": "it was a call",
    "poll": "it was a poll or a vote",
    "reaction": "a reaction gets no answer of its own; the next answer knows of it",
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
    "not_transcribed": "nothing here transcribes voice",
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
    "budget": "the chat had used up its tokens or money of the day, or its account its money",
    "stale": "it had waited longer than a message may wait for its answer",
    "erased": "the chat was erased",
    "restored": "it was open in the backup from which the log was put back, and may have been answered since",
    "joined": "its chat has closed into another one of the same person, where it was moved to",
    # of an order
    "unknown_command": "recado knows no such order",
    "too_long": "its text is longer than it may be",
    "malformed_label": "a label has 1 to 40 characters, all of them visible, and no comma",
    "too_many_labels": "a chat has at most 20 labels",
    "malformed_name": "the name of a user has 1 to 256 characters, all of them visible",
    "no_later_time": "it names no time that is still to come",
    "malformed_parts": "its parts are not as docs/events.md says under “Kinds of parts of a reply”",
    "sent_at_once": "this version sends nothing later: leave `due` out",
    "opted_out": "the person wants no messages but answers",
    "older_instance": "an instance of an older recado does not understand it: order it again after the update",
    "nothing_to_retry": "no failed turn has these messages",
    "ordered_again": "the same was ordered once more behind it",
    "in_use": "somebody has written since",
}


FAILED: dict[FailureClass, str] = {
    "rate_limited": "the provider took no more requests at the time",
    "quota_exhausted": "the provider's quota or credit is used up",
    "provider_error": "the provider had a fault",
    "timeout": "no answer came in time",
    "unreachable": "the provider could not be reached",
    "bad_key": "the provider did not accept the key",
    "unknown_model": "the provider does not know the model",
    "context_too_long": "the conversation is too long for the model",
    "refused": "the model, or the provider's filter, refused to answer",
    "malformed_answer": "the provider's answer cannot be used",
    "bad_request": "the provider did not take the request",
    "run_failed": "the provider gave up the run",
    "too_many_calls": "the model asked for more and more tools",
    "broken": "recado broke on it again and again, and set it aside",
    "restored": "it was open in the backup from which the log was put back",
}

NOT_SENT: dict[ReceiptClass, str] = {
    "unreached": "there was no connection",
    "account_throttle": "too many messages came from the number",
    "pair_throttle": "too many messages went to this person",
    "taken_over": "a human wrote in the chat before it could be sent",
    "unknown": "WhatsApp gave a code that is in no list",
    "transient": "WhatsApp had a fault for a moment",
    "in_doubt": "it is not known whether it was sent",
    "window_closed": "the person last wrote over 24 hours ago, and only a template may be sent",
    "recipient": "this person cannot get messages",
    "content": "WhatsApp does not take this message",
    "account_stop": "the number cannot send until a person acts",
    "file_removed": "its file is not in the object store any more",
    "file_too_large": "its file is larger than WhatsApp takes",
    "file_refused": "WhatsApp does not take its file",
    "file_not_uploaded": "its file could not be given to WhatsApp",
    "parts": "another version had begun it in another number of messages",
    "sender": "the gateway met an error while sending",
    "screen": "the terminal could not show it",
    "later": "it could not be sent at the time",
    "broken": "recado broke on it, and set it aside",
    "restored": "it was open in the backup from which the log was put back, and may have been sent",
}


def because(reason: str | None) -> Phrase:
    """The reason of `ignored` in a sentence, with its name."""
    return _sentence(EXPLAINED, reason)


def failed_because(class_: str | None) -> Phrase:
    """The class of a failed turn in a sentence, with its name."""
    return _sentence(FAILED, class_)


def not_sent_because(class_: str | None) -> Phrase:
    """The class of a receipt's error in a sentence, with its name."""
    return _sentence(NOT_SENT, class_)


def _sentence(table: Mapping[Any, str], name: str | None) -> Phrase:
    if name is None:
        return Phrase("no reason is given")
    if name not in table:
        return Phrase("for a reason that this version of recado does not know (%(name)s)", name=name)
    return Phrase("%(reason)s (%(name)s)", reason=Phrase(table[name]), name=name)
