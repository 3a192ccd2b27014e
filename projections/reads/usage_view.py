"""Usage as it is read."""

from __future__ import annotations

import msgspec


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    """Replies and tokens of a chat, a day, a backend and a model.

    - `day`: UTC, as `2026-08-26`.
    - `model`: empty for turns without a reply, or if the backend named none.
    - `cached_tokens`: those of `input_tokens` that the provider had in its cache.
    - `seconds`: of speech, where the provider counts that.
    """

    account: str
    chat: str
    day: str
    backend: str
    model: str
    replies: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    seconds: int = 0
