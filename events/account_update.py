"""News of an account: a number or device of the business, and what stands behind it at its provider.

They belong to no chat, so they are no events of the log. The stream ACCOUNTS keeps the last ones of each account, on
`wa.account.<account>`, for programs outside and for the desk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from events.inbound import Time

SENDING = "sending"
"""The field of recado's own news: the gateway pauses the account's sending, or goes on."""

THROUGHPUT = "throughput"
"""The field of recado's own news: the messages a second that the account may have, in and out together."""

KEPT = 256
"""Entries that are kept of each account; then the oldest go."""

LONGEST_TEXT = 400
"""Characters of a value where a person reads it."""

LARGEST = 16 * 1024
"""Bytes of a value; a larger one is left out, and the entry says so."""


class AccountUpdate(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """News of an account.

    - `id`: the same for each delivery of the same news, so that it is kept once.
    - `field`: the provider's name for the news, such as `phone_number_quality_update`; `sending` and
      `throughput` are recado's own.
    - `value`: the news in the provider's form, with phone numbers shortened. Of `sending`: `{"state": "paused" or
      "resumed", "code", "class", "detail", "do"}`; of `throughput`: `{"per_second", "level", "source": "meta",
      "settings" or "default"}`.
    - `at`: its time.
    """

    id: str
    field: str
    value: Any
    at: Time


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AccountUpdate)


def encoded(update: AccountUpdate) -> bytes:
    """The update as JSON; a value that is too large is replaced by its size."""
    body = _encoder.encode(update)
    if len(body) <= LARGEST:
        return body
    return _encoder.encode(msgspec.structs.replace(update, value={"too_large": len(body)}))


def decoded(body: bytes) -> AccountUpdate | None:
    """The update in `body`; None if it is none."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def paused(notes: Iterable[tuple[str, AccountUpdate]]) -> dict[str, AccountUpdate]:
    """By account, the note that it does not send; accounts that send are left out. `notes` are in their order."""
    found: dict[str, AccountUpdate] = {}
    for account, update in notes:
        if update.field != SENDING:
            continue
        if isinstance(update.value, dict) and update.value.get("state") == "paused":
            found[account] = update
        else:
            found.pop(account, None)
    return found


def throughput(notes: Iterable[tuple[str, AccountUpdate]]) -> dict[str, int]:
    """By account, the messages a second that its gateway last told. `notes` are in their order."""
    found: dict[str, int] = {}
    for account, update in notes:
        if update.field == THROUGHPUT and isinstance(update.value, dict):
            told = update.value.get("per_second")
            if isinstance(told, int) and not isinstance(told, bool):
                found[account] = told
    return found


def newest(notes: Iterable[tuple[str, AccountUpdate]]) -> list[tuple[str, AccountUpdate]]:
    """The last news of each account and field, the newest first."""
    last = {(account, update.field): (account, update) for account, update in notes}
    return sorted(last.values(), key=lambda one: one[1].at, reverse=True)


def text_of(update: AccountUpdate) -> str:
    """The value in one line."""
    return _encoder.encode(update.value).decode()[:LONGEST_TEXT]
