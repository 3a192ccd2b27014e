"""A sentence for each class of fault that ends a turn."""

from __future__ import annotations

FAULTS: dict[str, str] = {
    "bad_key": "the model's server refused the key",
    "bad_request": "the model's server refused the request",
    "broken": "recado broke on it again and again, and set it aside",
    "context_too_long": "the conversation is too long for the model",
    "malformed_answer": "the model's answer made no sense",
    "provider_error": "the model's server failed",
    "quota_exhausted": "the quota at the model's server is used up",
    "rate_limited": "the model's server asked to slow down",
    "refused": "the model refused to answer",
    "run_failed": "the model's run failed",
    "timeout": "the model gave no answer in time",
    "unknown_model": "the model's server does not know the model",
    "unreachable": "the model's server could not be reached",
}
