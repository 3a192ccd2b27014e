"""Meanings of whatsmeow's errors for a failed sending: not sent, refused, or in doubt.

Source: send.go and errors.go of whatsmeow (https://github.com/tulir/whatsmeow), whose errors come as text. An unknown
error leaves the message in doubt.
"""

from __future__ import annotations

from gateways.device.wire import NotSent, Refused

_NOT_CONNECTED = ("websocket not connected", "the store doesn't contain a device JID")
_BEFORE_SENDING = ("failed to get group members", "failed to get user info", "failed to get LID")
_NOT_THERE = ("you're not participating in that group", "that group does not exist", "no LID found for")
_NO_SUCH_NAME = ("can't send message to unknown server", "message recipient must be a user JID")
_SAID_NO = "server returned error"


class SendUnclear(Exception):
    """The message may have been sent."""


def failure_of(words: str) -> Exception:
    """The exception for whatsmeow's error text `words`: NotSent, Refused or SendUnclear."""
    if any(known in words for known in _NOT_THERE):
        return Refused("recipient", words)
    if words.endswith(_NOT_CONNECTED) or words.startswith(_BEFORE_SENDING):
        return NotSent(words)
    if words.startswith(_NO_SUCH_NAME):
        return Refused("content", words)
    if words.startswith(_SAID_NO):
        return Refused("recipient", words)
    return SendUnclear(words)
