"""The business numbers of the settings, their tokens, and the settings that a gateway lacks."""

from __future__ import annotations

from collections.abc import Iterator

from recado.settings.secrets import Secrets, SecretUnusable
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT, Number
from recado.settings.whatsapp import numbers as reader

NUMBERS = "WHATSAPP_NUMBERS"
TOKEN = "WHATSAPP_ACCESS_TOKEN"  # noqa: S105 - the variable's name

_HOW = {
    "WHATSAPP_PHONE_NUMBER_ID": "copy it from WhatsApp > API Setup",
    TOKEN: "make one for a system user in the Business Manager",
    "WHATSAPP_APP_SECRET": "copy it from App settings > Basic",
    "WHATSAPP_VERIFY_TOKEN": "make up a word and enter it in WhatsApp > Configuration",
}


class NumbersUnusable(ValueError):
    """The numbers in RECADO_SECRETS cannot be used; the sentence says what to do."""


def numbers_of(settings: Settings) -> tuple[Number, ...]:
    """Every number, that of WHATSAPP_PHONE_NUMBER_ID first. The file WHATSAPP_NUMBERS in RECADO_SECRETS is read each
    time. Raises NumbersUnusable."""
    listed = settings.whatsapp_numbers or _in_file(settings)
    id_ = settings.whatsapp_phone_number_id
    if not id_ or any(number.id == id_ for number in listed):
        return listed
    one = Number(id_, settings.account if settings.account != UNSET_ACCOUNT else id_)
    if any(number.account == one.account for number in listed):
        raise NumbersUnusable(
            f"{NUMBERS} has {one.account} as the name of a number, which is the account of WHATSAPP_PHONE_NUMBER_ID: "
            "give each number a name of its own"
        )
    return (one, *listed)


def may_change(settings: Settings) -> bool:
    """True if numbers may be added while recado runs."""
    return settings.secrets_folder is not None and not settings.whatsapp_numbers


def has_numbers(settings: Settings) -> bool:
    """True if there are numbers, or a list of them that cannot be used."""
    try:
        return bool(numbers_of(settings))
    except NumbersUnusable:
        return True


def accounts_of(settings: Settings) -> tuple[str, ...]:
    """The accounts of the numbers; none where these cannot be used, which the start tells."""
    try:
        return tuple(number.account for number in numbers_of(settings))
    except NumbersUnusable:
        return ()


def token_of(settings: Settings, id_: str, *, again: bool = False) -> str | None:
    """The token with which the number sends; with `again` its file is read again. Raises SecretUnusable."""
    read = settings.secrets.again if again else settings.secrets.value
    return read(f"{TOKEN}_{id_}") or read(TOKEN) or settings.whatsapp_access_token or None


def throughput_of(settings: Settings, number: Number) -> int | None:
    """The messages a second that the settings give the number; None: Meta is asked."""
    rates = {rate.number: rate.per_second for rate in settings.whatsapp_throughput}
    return rates.get(number.account) or rates.get(number.id) or rates.get("")


def problems(settings: Settings) -> Iterator[str]:
    """A problem for each missing setting of a gateway to the Cloud API, with its source."""
    try:
        numbers = numbers_of(settings)
    except NumbersUnusable as wrong:
        yield str(wrong)
        return
    if not numbers:
        yield _required("WHATSAPP_PHONE_NUMBER_ID")
    yield from _tokens_missing(settings, numbers)
    known = {name for number in numbers for name in number} | {""}
    for rate in settings.whatsapp_throughput if not may_change(settings) else ():
        if rate.number not in known:
            yield f"WHATSAPP_THROUGHPUT names {rate.number[:60]}, which is no number here: write its account or its id"
    if not settings.whatsapp_app_secret:
        yield _required("WHATSAPP_APP_SECRET")
    if not settings.whatsapp_verify_token:
        yield _required("WHATSAPP_VERIFY_TOKEN")


def _tokens_missing(settings: Settings, numbers: tuple[Number, ...]) -> Iterator[str]:
    try:
        without = [f"{TOKEN}_{number.id}" for number in numbers if token_of(settings, number.id) is None]
        shared = settings.secrets.value(TOKEN) or settings.whatsapp_access_token
    except SecretUnusable as wrong:
        yield str(wrong)
        return
    if without and len(numbers) > 1:
        yield from map(_required, without)
    elif without or not (numbers or shared):
        yield _required(TOKEN)


def _required(variable: str) -> str:
    how = next(how for name, how in _HOW.items() if variable.startswith(name))
    return f"{variable} is required for a gateway to WhatsApp: {how} (see docs/whatsapp.md)"


def _in_file(settings: Settings) -> tuple[Number, ...]:
    if settings.secrets_folder is None:
        return ()
    try:
        # Not by `settings.secrets`, which would mask the numbers in logs, and read them once.
        text = Secrets({}, settings.secrets_folder).text(NUMBERS)
        found: tuple[Number, ...] = reader().read(text) if text else ()
    except SecretUnusable as wrong:
        raise NumbersUnusable(str(wrong)) from wrong
    except ValueError as wrong:
        raise NumbersUnusable(f"{settings.secrets_folder / NUMBERS} has a list {wrong}") from wrong
    return found
