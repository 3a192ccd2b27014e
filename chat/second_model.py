"""The second model: the failures of the first after which it answers, in one table."""

from __future__ import annotations

BACKEND = "chat"
"""The second model answers by Chat Completions, from the history, whatever the mode of the first."""

FALLS_OVER = {
    "unreachable": True,
    "timeout": True,
    "provider_error": True,
    "rate_limited": True,
    "quota_exhausted": True,
    "bad_key": True,
    "unknown_model": True,
    "malformed_answer": True,
    "run_failed": True,
    "context_too_long": False,
    "refused": False,
    "bad_request": False,
}
"""By the class of a failure: whether the second model answers. A refusal is a model's answer, and no other is asked for
a better one; a request that is at fault fails everywhere."""

LASTING = frozenset({"quota_exhausted", "bad_key", "unknown_model"})
"""Classes that do not pass by themselves: one such failure is enough to leave the first model for a while."""


def falls_over(error_class: str) -> bool:
    """True if the second model answers after a failure of this class."""
    return FALLS_OVER.get(error_class, False)
