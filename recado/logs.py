"""Logs: a console view in a terminal, one JSON object a line otherwise, always on stderr.

In every line phone numbers are shortened (`5511…999`) and secrets are masked. The loggers of nats, uvicorn, openai and
pykka go the same way as recado's own.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from backends.provider.secret_length import SHORTEST_SECRET

# Eight digits or more that stand alone, as in a JID, a subject's token or a message id; and +55 11 99999-9999.
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+[1-9][0-9 ().-]{7,22}[0-9]|[0-9]{8,20})(?![0-9A-Za-z])")
_USERINFO = re.compile(r"(?<=://)[^/@\s,]+(?=@)")
_NAMED_SECRET = re.compile(r"(?i)\b((?:api[_-]?key|(?:access[_-]?)?token|password|secret)=|bearer )[^&\s,;\"']+")
_OPENAI_KEY = re.compile(r"\bsk-[\w*-]{4,}")

# C0 and C1, among them the sequences that move a terminal's cursor or set its title, and marks of text direction.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MANY_LINES = frozenset({"exception", "stack"})

_OURS = ("events", "chat", "actors", "backends", "gateways", "projections", "console", "recado")

EVERY = 60.0
_MOST_LINES = 1000

_secrets: list[str] = []
"""Longest first: one may hold another."""


def configure(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Send every log line to `stream` (stderr), from level info on; debug too if `verbose`.

    The libraries' own lines count from one level higher: at debug some of them contain people's messages.
    """
    out = stream or sys.stderr
    terminal = out.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([escape_controls, _console()] if terminal else [_json]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    for package in _OURS:
        logging.getLogger(package).setLevel(logging.DEBUG if verbose else logging.INFO)
    # asyncio logs this harmless line at the end of every encrypted connection of nats-py.
    logging.getLogger("asyncio").addFilter(lambda record: "eof_received()" not in record.getMessage())
    # These log each connection and each request, so that strangers could fill the log.
    for noisy in ("asyncio", "uvicorn.error"):
        logging.getLogger(noisy).addFilter(Sparse())
    for server in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        # uvicorn has handlers of its own if its default log configuration was loaded before.
        logging.getLogger(server).handlers.clear()
        logging.getLogger(server).propagate = True
    logging.captureWarnings(capture=True)


def spare_a_terminal() -> None:
    """From here on a terminal gets warnings and errors alone; a file or a pipe still gets every line."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
            handler.setLevel(logging.WARNING)


class Sparse(logging.Filter):
    """Lets the same line of a library through once in EVERY seconds, with the count of suppressed repeats."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        first_line = record.getMessage().partition("\n")[0]
        told, since = self._seen.get(first_line, (-EVERY, 0))
        if record.created - told < EVERY:
            self._seen[first_line] = (told, since + 1)
            return False
        if len(self._seen) >= _MOST_LINES:
            self._seen.clear()
        self._seen[first_line] = (record.created, 0)
        if since:
            record.msg, record.args = f"{record.getMessage()} (and {since} times before)", ()
        return True


def mask(*secrets: str) -> None:
    """Mask these texts in all later log lines, also as JSON and `repr` write them."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            forms = {secret, msgspec.json.encode(secret).decode()[1:-1], repr(secret)[1:-1]}
            # In one step: a list that is sorted is empty meanwhile, for a line that another thread logs.
            _secrets[:] = sorted(forms.union(_secrets), key=len, reverse=True)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The event with every phone number in its values shortened and every secret masked."""
    # ProcessorFormatter needs its own entries (`_record` and the like) unchanged, and never prints them.
    return {key: value if key.startswith("_") else _redacted(value) for key, value in event.items()}


def escape_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    r"""The event with control characters in its texts written as `\x1b`, for a terminal: a stranger may have chosen the
    texts. JSON and the renderer's `repr` escape them already."""
    return {
        key: _escaped(value, key in _MANY_LINES) if isinstance(value, str) else value for key, value in event.items()
    }


def redacted(text: str) -> str:
    """`text` with phone numbers shortened and secrets masked."""
    for secret in _secrets:
        text = text.replace(secret, "[secret]")
    text = _OPENAI_KEY.sub("[secret]", _NAMED_SECRET.sub(r"\1[secret]", _USERINFO.sub("[secret]", text)))
    return _PHONE.sub(_shortened, text)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_redacted(key): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item) for item in value]
    return redacted(str(value) if isinstance(value, BaseException) else repr(value))


def _escaped(text: str, many_lines: bool) -> str:
    def escaped(match: re.Match[str]) -> str:
        return match[0] if many_lines and match[0] in "\n\t" else match[0].encode("unicode_escape").decode()

    return _CONTROL.sub(escaped, text.rstrip("\n"))


def _shortened(match: re.Match[str]) -> str:
    digits = "".join(character for character in match[0] if character.isdigit())
    # Enough to tell chats apart; at least four digits stay hidden.
    return f"{digits[: min(4, len(digits) - 7)]}…{digits[-3:]}"


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors="NO_COLOR" not in os.environ, exception_formatter=structlog.dev.plain_traceback
    )


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    first = {key: event[key] for key in ("timestamp", "level", "logger", "event") if key in event}
    return msgspec.json.encode(first | dict(event)).decode()
