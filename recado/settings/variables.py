"""Environment variables: the texts that each may hold, and the values that these texts become."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import reduce
from ipaddress import ip_address
from typing import Any, NamedTuple
from unicodedata import category
from urllib.parse import urlsplit

import msgspec

from events.phrases import Phrase, Together

_USERINFO = re.compile(r"(?<=://)[^/@\s,]+(?=@)")
_WHOLE = re.compile(r"-?[0-9]{1,12}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_INSTANCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEMES = ("bearer", "basic", "token")
_FIXED_WORDS = ("type", "require_approval", "search_context_size")


def one_text(value: Any) -> str:
    """A text or a number of a profile, as `.env` has it. Raises ValueError."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(Phrase("which is no text and no number"))


def texts_joined(by: str, between: Phrase) -> Callable[[Any], str]:
    """A function that turns a list of texts and numbers, or one text, into one text with `by` between two of them."""

    def text_of(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return one_text(value)
        texts = [one_text(one) for one in value]
        if any(by.strip() in text for text in texts):
            raise ValueError(Phrase("in which an entry of the list holds %(sign)s: write two entries", sign=between))
        return by.join(texts)

    return text_of


class Reader(NamedTuple):
    """Reads a variable's text.

    - `takes`: a description of the accepted texts.
    - `read`: turns the text, stripped of space, into a value. Raises ValueError with a clause that names the error and
      the accepted texts ("which is not a whole number from 0 to 1000").
    - `text_of`: turns a value of a profile into such a text. Raises ValueError with such a clause.
    """

    takes: Phrase
    read: Callable[[str], Any]
    text_of: Callable[[Any], str] = one_text


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One setting.

    - `name`: the variable's name.
    - `reader`: turns its text into a value.
    - `meaning`: a sentence or two in Markdown.
    - `example`: a value.
    - `secret`: whether the value is never shown.
    - `credentials`: whether a part of the value may be a password. As a secret, it may come from RECADO_SECRETS.
    - `keep_empty`: whether an empty text is a value; otherwise it counts as unset.
    - `profile`: whether a profile may set it, since it decides how a chat is answered.
    - `named`: whether a profile may name another variable that holds this key.
    - `topic`: its module in recado.settings; the table fills it in.
    - `default`: the value if it is unset; the table fills it in.
    """

    name: str
    reader: Reader
    meaning: str
    example: str
    secret: bool = False
    credentials: bool = False
    keep_empty: bool = False
    profile: bool = False
    named: bool = False
    topic: str = ""
    default: Any = None

    @property
    def may_be_file(self) -> bool:
        """True if the value may come from a file in RECADO_SECRETS."""
        return self.secret or self.credentials

    def value(self, text: str) -> Any:
        """The value of `text`. Raises ValueError with a whole sentence that names the variable."""
        text = text.strip()
        try:
            return self.reader.read(text)
        except ValueError as error:
            shown = "'…'" if self.secret else repr(without_userinfo(text[:100]))
            raise ValueError(
                Phrase("%(name)s is %(value)s, %(error)s", name=self.name, value=shown, error=clause_of(error))
            ) from error


def clause_of(error: ValueError) -> str:
    """The clause with which a reader refuses a text, for a sentence around it."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Phrase) else str(error)


def without_userinfo(url: str) -> str:
    """`url` (or several, with commas) without the part before an `@`, which is a password or a token."""
    return _USERINFO.sub("…", url)


def secret_texts(value: Any) -> Iterator[str]:
    """Each text in the value of a secret variable, JSON's included: of `Bearer abc` also `abc`.

    Fixed words of an API are no secrets, and a log without them could not be read.
    """
    if isinstance(value, str):
        yield value
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() in _SCHEMES:
            yield credentials.strip()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _FIXED_WORDS:
                yield from secret_texts(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from secret_texts(item)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that is most similar to `word`; None if none is."""
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.7)
    return found[0] if found else None


def text() -> Reader:
    return Reader(Phrase("any text"), str)


def choice(*words: str) -> Reader:
    def read(given: str) -> str:
        if given in words:
            return given
        meant = nearest(given.lower(), words)
        none = Phrase("which is none of %(words)s", words=", ".join(words))
        raise ValueError(Together([none, Phrase("did you mean %(word)s?", word=meant) if meant else ""], "; "))

    def text_of(value: Any) -> str:
        if isinstance(value, bool) and {"on", "off"} <= set(words):
            return "on" if value else "off"
        return one_text(value)

    return Reader(Phrase("one of %(words)s", words=", ".join(f"`{word}`" for word in words)), read, text_of)


def emoji() -> Reader:
    takes = Phrase("one emoji")

    def read(given: str) -> str:
        is_one = 0 < len(given) <= 16 and not any(sign.isascii() or sign.isalpha() or sign.isspace() for sign in given)
        if not is_one or not any(category(sign) == "So" for sign in given):
            raise ValueError(Phrase("which is not one emoji: write one such as 👀"))
        return given

    return Reader(takes, read)


def whole(low: int, high: int, unit: Phrase | None = None) -> Reader:
    if unit is not None:
        takes = Phrase("a whole number of %(unit)s from %(low)s to %(high)s", unit=unit, low=f"{low}", high=f"{high}")
    else:
        takes = Phrase("a whole number from %(low)s to %(high)s", low=f"{low}", high=f"{high}")

    def read(given: str) -> int:
        if not _WHOLE.fullmatch(given) or not low <= int(given) <= high:
            raise ValueError(Phrase("which is not %(takes)s", takes=takes))
        return int(given)

    return Reader(takes, read)


def seconds(low: float, high: float) -> Reader:
    takes = Phrase("a number of seconds from %(low)s to %(high)s, such as 2 or 0.5", low=f"{low:g}", high=f"{high:g}")

    def read(given: str) -> float:
        if not _NUMBER.fullmatch(given) or not low <= float(given) <= high:
            raise ValueError(Phrase("which is not %(takes)s", takes=takes))
        return float(given)

    return Reader(takes, read)


def duration(low: timedelta, high: timedelta) -> Reader:
    takes = Phrase("seconds, or a number with `s`, `m`, `h` or `d`")

    def read(given: str) -> timedelta:
        match = _DURATION.fullmatch(given)
        if match is None:
            raise ValueError(Phrase("which is no length of time: write seconds, or 90m, 24h, 7d"))
        span = float(match[1]) * _SECONDS[match[2]]
        if not low.total_seconds() <= span <= high.total_seconds():
            raise ValueError(
                Phrase(
                    "which is out of range: give %(low)s seconds to %(high)s days",
                    low=f"{low.total_seconds():g}",
                    high=f"{high.days}",
                )
            )
        return timedelta(seconds=span)

    return Reader(takes, read)


def secret() -> Reader:
    def read(given: str) -> str:
        # It goes into an HTTP header, which takes no other characters.
        if not given.isascii() or not given.isprintable() or " " in given:
            raise ValueError(Phrase("which holds a space, a line end or a character outside ASCII: copy it again"))
        return given

    return Reader(Phrase("a key as the provider shows it"), read)


def url(*schemes: str, example: str, several: bool = False) -> Reader:
    starts: str = reduce(
        lambda one, other: Phrase("%(one)s or %(other)s", one=one, other=other), [f"{one}://" for one in schemes]
    )

    def read(given: str) -> str:
        for one in given.split(",") if several else [given]:
            try:
                parts = urlsplit(one.strip())
                reachable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
            except ValueError as error:
                raise ValueError(
                    Phrase("which is no address (%(error)s): write one like %(example)s", error=error, example=example)
                ) from error
            if not reachable or any(letter.isspace() for letter in one.strip()):
                raise ValueError(
                    Phrase(
                        "which is no address that starts with %(starts)s: write one like %(example)s",
                        starts=starts,
                        example=example,
                    )
                )
        return given

    takes = (
        Phrase("an address that starts with %(starts)s, or several with commas", starts=starts)
        if several
        else Phrase("an address that starts with %(starts)s", starts=starts)
    )
    return Reader(takes, read)


def host() -> Reader:
    def read(given: str) -> str:
        try:
            return str(ip_address(given))
        except ValueError:
            raise ValueError(
                "which is no IP address of this machine: give 127.0.0.1, or the one on which others reach it"
            ) from None

    return Reader(Phrase("an IP address of this machine"), read)


class Endpoint(NamedTuple):
    """A host and a port to listen on."""

    host: str
    port: int


def endpoint() -> Reader:
    """Reads an address and a port; an IPv6 address is in brackets."""

    def read(given: str) -> Endpoint:
        address, colon, port = given.rpartition(":")
        try:
            found = str(ip_address(address.removeprefix("[").removesuffix("]")))
        except ValueError:
            found = ""
        if not colon or not found or not _WHOLE.fullmatch(port) or not 0 <= int(port) <= 65535:
            raise ValueError("which is no IP address of this machine with a port: write one like 0.0.0.0:9088")
        return Endpoint(found, int(port))

    return Reader(Phrase("an IP address of this machine and a port"), read)


def subject() -> Reader:
    def read(given: str) -> str:
        if not _SUBJECT.fullmatch(given):
            raise ValueError("which begins no subject: write words with dots between them, like _INBOX.instance")
        return given

    return Reader(Phrase("words of letters, digits, `_` and `-`, with dots between them"), read)


def name() -> Reader:
    def read(given: str) -> str:
        if not given:
            raise ValueError(
                Phrase("which is no name: give the business number or the device's name, or leave it unset")
            )
        if len(given) > 128 or not given.isprintable() or given.startswith("="):
            raise ValueError(Phrase("which is no name: give 1 to 128 printable characters, the first of them no '='"))
        return given

    return Reader(Phrase("a name of 1 to 128 characters"), read)


def instance() -> Reader:
    def read(given: str) -> str:
        if not _INSTANCE.fullmatch(given):
            raise ValueError("which is no name of an instance: give 1 to 64 of A-Z, a-z, 0-9, '_' and '-'")
        return given

    return Reader(Phrase("1 to 64 letters, digits, `_` and `-`"), read)
