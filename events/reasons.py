"""Every reason and class that recado writes into an event, by field.

The fields are strings, because another version, and a gateway of somebody else's, may write others.
"""

from __future__ import annotations

from typing import Literal

IgnoredReason = Literal[
    "blocked", "bot_loop", "broken", "budget", "call", "empty", "erased", "file_unreadable", "from_me", "groups_off",
    "handed_off", "help", "in_use", "joined", "malformed_chat", "malformed_id", "malformed_label", "malformed_name",
    "malformed_parts", "newer_version", "no_later_time", "not_allowed", "not_fetched", "not_transcribed",
    "nothing_to_retry", "older_instance", "opted_out", "ordered_again", "other_chat", "outside_hours", "paused",
    "poll", "rate_limited", "reaction", "reset", "restored", "revoked", "sent_at_once", "stale", "start_word",
    "stop_word", "stopped", "system", "taken_over", "too_large", "too_long", "too_many_labels", "unaddressed",
    "unapproved", "unknown_command", "unreadable", "unsupported", "unsupported_kind",
]  # fmt: skip
"""`reason` of `ignored`, of `media_read` and of unreadable bytes."""

FailureClass = Literal[
    "bad_key", "bad_request", "broken", "context_too_long", "malformed_answer", "provider_error", "quota_exhausted",
    "rate_limited", "refused", "restored", "run_failed", "timeout", "too_many_calls", "unknown_model", "unreachable",
]  # fmt: skip
"""`class` of the error of `turn_failed`."""

ReceiptClass = Literal[
    "account_stop", "account_throttle", "broken", "content", "file_not_uploaded", "file_refused", "file_removed",
    "file_too_large", "in_doubt", "later", "pair_throttle", "parts", "recipient", "restored", "screen", "sender",
    "taken_over", "transient", "unknown", "unreached", "window_closed",
]  # fmt: skip
"""`class` of the error of a receipt."""
