"""Log lines: JSON off a terminal, without phone numbers and secrets, from every library."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from recado import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure(stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def last(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("5511999999999@s.whatsapp.net", "5511…999@s.whatsapp.net"),
        ("5511999999999:12@s.whatsapp.net", "5511…999:12@s.whatsapp.net"),
        ("evt.3.local.5511999999999=40s=2Ewhatsapp=2Enet.i.in", "evt.3.local.5511…999=40s=2Ewhatsapp=2Enet.i.in"),
        ("call +55 11 99999-9999 now", "call 5511…999 now"),
        ("12345678", "1…678"),
        ("120363023456789012@g.us", "1203…012@g.us"),
        ("stream has 1234567 bytes", "stream has 1234567 bytes"),
        ("run_a12345678901b", "run_a12345678901b"),
        ("nats://bot:hunter2@host:4222", "nats://[secret]@host:4222"),
        ("GET /x?token=hunter2&page=2", "GET /x?token=[secret]&page=2"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer [secret]"),
        ("Incorrect API key provided: sk-abc*****def.", "Incorrect API key provided: [secret]."),
        ("the key is my-very-own-key!", "the key is [secret]!"),
    ],
)
def test_a_value_is_redacted(lines: io.StringIO, value: str, shown: str) -> None:
    """Phone numbers keep enough to tell chats apart; secrets keep nothing."""
    logs.mask("my-very-own-key")
    structlog.get_logger("recado.test").info("met", value=value, deep={"list": [value]}, error=ValueError(value))
    line = last(lines)
    assert line["value"] == shown
    assert line["deep"] == {"list": [shown]}
    assert line["error"] == shown


def test_a_line_is_one_json_object(lines: io.StringIO) -> None:
    """Machines read the lines: time in UTC, level, logger, event, then what belongs to it."""
    structlog.get_logger("recado.test").warning("odd thing", seq=7, key=("local", "x"))
    line = last(lines)
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert str(line["timestamp"]).endswith("Z")
    assert (line["level"], line["logger"], line["event"], line["seq"]) == ("warning", "recado.test", "odd thing", 7)
    assert line["key"] == ["local", "x"]


def test_the_libraries_go_the_same_way(lines: io.StringIO) -> None:
    """A library's warning is redacted as ours are; what it only informs of stays away."""
    logging.getLogger("nats.aio.client").warning("lost %s", "nats://bot:hunter2@host", extra={"to": "5511999999999"})
    logging.getLogger("uvicorn.access").info("GET /")
    line = last(lines)
    assert (line["event"], line["to"]) == ("lost nats://[secret]@host", "5511…999")
    assert len(lines.getvalue().splitlines()) == 1


def test_a_traceback_is_redacted(lines: io.StringIO) -> None:
    """An exception's message may quote any text that a person sent."""
    try:
        raise ValueError("5511999999999")  # noqa: TRY301
    except ValueError:
        structlog.get_logger("recado.test").exception("failed")
    assert "ValueError: 5511…999" in str(last(lines)["exception"])


class Terminal(io.StringIO):
    """A stream on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J\x1b[H",
        "\x1b]0;title\x07",
        "\x9b31m",
        "a\rb",
        "a\n12:00:00 [info] forged",
        "\x00\x08\x7f",
        "\u202egnp.exe",
    ],
)
def test_a_terminal_is_not_steered(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, hostile: str) -> None:
    """A chat's name or a provider's words with any content make one line, and show their control characters."""
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    logs.configure(stream=terminal)
    structlog.get_logger("recado.test.terminal").warning(
        "met", value=hostile, deep=[hostile], error=ValueError(hostile)
    )
    logging.getLogger("nats.aio.client").warning("lost %s", hostile)
    shown = terminal.getvalue()
    assert len(shown.splitlines()) == 2
    assert shown.replace("\n", "").isprintable()
    assert shown.replace("\\\\", "\\").count(hostile.encode("unicode_escape").decode()) == 4


def test_a_traceback_in_a_terminal_keeps_its_lines(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what an exception's words would do to the terminal is taken out of it."""
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    logs.configure(stream=terminal)
    try:
        raise ValueError("\x1b[2J")  # noqa: TRY301
    except ValueError:
        structlog.get_logger("recado.test.traceback").exception("failed")
    assert terminal.getvalue().splitlines()[-1] == r"ValueError: \x1b[2J"
    assert len(terminal.getvalue().splitlines()) > 3


def test_debug_lines_come_when_asked_for(lines: io.StringIO) -> None:
    """`--verbose` shows our debug lines, and of the libraries what they inform of."""
    structlog.get_logger("recado.quiet").debug("unheard")
    assert lines.getvalue() == ""
    logs.configure(verbose=True, stream=lines)
    structlog.get_logger("recado.loud").debug("heard")
    logging.getLogger("openai").debug("what somebody wrote")
    logging.getLogger("uvicorn").info("started")
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["heard", "started"]


def test_logs_never_go_to_stdout() -> None:
    """Results have stdout for themselves."""
    code = "from recado import logs; import structlog; logs.configure(); structlog.get_logger('recado.x').info('hi')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "hi"
