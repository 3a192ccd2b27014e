"""Reasons that are made below the desk: each word of them is a translated one, a name of a type, or a value."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import nats.errors
import pytest
from msgspec.structs import replace

from chat.file_types import FORBIDDEN, FileNotTaken
from chat.files import VOICE, file_part
from console.passwords import fault_of
from events.jetstream.said import said
from events.knowledge import Place
from events.knowledge_log import KnowledgeChanged
from events.library import LARGEST, name_fault
from events.log import EventTooLarge, LogError, LogFull, LogUnavailable, NotStored, WriteUnknown, WrongExpectedVersion
from events.parts import Option, Part, problems
from events.phrases import Phrase
from events.profile_log import ProfilesChanged
from events.users import UsersChanged
from gateways.intake import LogNearlyFull, MessageIdRefused
from gateways.templates.form import filled
from gateways.templates.known import Known, TemplateUnknown
from gateways.templates.template import APPROVED, STATES, Button, Template
from recado.profiles.changes import OlderInstance
from tests.console.conftest import ANA, Page
from tests.console.marking import Marking, words_of

SAME = {"MB", "KB", "id", "url", "text", "choices", "link", "contact", "template", "document", "image", "title", "none"}
"""Units, and names of fields and kinds, which are written so in orders too."""

FILES = {
    "empty": b"",
    "cut JPEG": b"\xff\xd8\xff\xe0",
    "cut PNG": b"\x89PNG\r\n\x1a\n",
    "cut WebP": b"RIFF\x00\x00\x00\x00WEBP",
    "WAV": b"RIFF\x00\x00\x00\x00WAVE",
    "AVI": b"RIFF\x00\x00\x00\x00AVI ",
    "HEIC": b"\x00\x00\x00\x18ftypheic" + bytes(16),
    "no tracks": b"\x00\x00\x00\x18ftypisom" + bytes(12),
    "cut archive": b"PK\x03\x04",
    "OLE": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "UTF-16": b"\xff\xfea\x00",
    "HTML": b"<!doctype html><p>",
    "SVG": b"<?xml version='1.0'?><svg/>",
    "unknown": bytes(range(256)),
    **{f"{words} {number}": beginning + bytes(64) for number, (beginning, words, _) in enumerate(FORBIDDEN)},
}


def bare(words: object) -> set[str]:
    """The words that no catalog has."""
    return set(words_of(re.sub("⟦[^⟧]*⟧", " ", Marking().say(words)))) - SAME


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_refused_file(content: bytes) -> None:
    with pytest.raises(FileNotTaken) as refused:
        file_part(content, "ψ.txt")
    assert "⟦" in Marking().say(refused.value)
    assert bare(refused.value) == set()


@pytest.mark.parametrize(
    "given",
    [{"kind": "image"}, {"kind": VOICE}, {"caption": "ψ" * 2000}],
    ids=["of another kind", "no voice", "caption"],
)
def test_a_file_refused_for_its_use(given: dict[str, str]) -> None:
    with pytest.raises(FileNotTaken) as refused:
        file_part(b"%PDF-1.4\n%%EOF\n", "ψ.pdf", **given)  # type: ignore[arg-type]
    assert bare(refused.value) == set()


def test_a_file_that_is_too_large() -> None:
    with pytest.raises(FileNotTaken) as refused:
        file_part(bytes(LARGEST + 1), "ψ.pdf")
    assert bare(refused.value) == set()


@pytest.mark.parametrize(
    "error",
    [
        LogUnavailable(Phrase("the connection to the bus is closed")),
        LogFull(Phrase("the log is full: %(said)s", said=Phrase("the server refused it: %(words)s", words="ψ"))),
        WriteUnknown(NotStored(Phrase("the connection to the bus is closed"))),
        EventTooLarge(9, 8),
        WrongExpectedVersion(ANA, 1, 2),
        UsersChanged(),
        ProfilesChanged(),
        KnowledgeChanged(Place("ψ", "ω")),
        LogNearlyFull(9, 10),
        MessageIdRefused(999),
        OlderInstance(["ψ"]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_reason_of_the_bus(error: LogError) -> None:
    assert bare(error) == set()


@pytest.mark.parametrize(
    "part",
    [
        Part(kind="text", text=" "),
        Part(kind="choices", text="ψ", choices=(Option(id="1", title="ψ"), Option(id="1", title="ω"))),
        Part(kind="choices", text="ψ", choices=tuple(Option(id=str(n), title=str(n)) for n in range(40))),
        Part(kind="link", text="ψ", url="ftp"),
        Part(kind="contact", name="ψ", phones=("ω",)),
        Part(kind="image", caption="ψ"),
    ],
)
def test_a_fault_of_a_part(part: Part) -> None:
    (fault, *_) = problems([part])
    assert "⟦" in Marking().say(fault)
    assert bare(fault) == set()


@pytest.mark.parametrize("name", ["", "ψ" * 999, "ψ/ω", "ψ\x00"])
def test_a_name_of_the_library(name: str) -> None:
    assert bare(name_fault(name)) == set()
    assert name_fault(name) is not None


@pytest.mark.parametrize("known", [Known((), datetime.now(UTC))])
def test_a_template_that_is_not_there(known: Known) -> None:
    with pytest.raises(TemplateUnknown) as unknown:
        known.find("ψ:ω")
    assert bare(unknown.value) == set()


@pytest.mark.parametrize(
    "error",
    [
        nats.errors.AuthorizationError(),
        nats.errors.ConnectionClosedError(),
        nats.errors.ConnectionDrainingError(),
        nats.errors.ConnectionReconnectingError(),
        nats.errors.MaxPayloadError(),
        nats.errors.NoRespondersError(),
        nats.errors.NoServersError(),
        nats.errors.OutboundBufferLimitError(),
        nats.errors.StaleConnectionError(),
        nats.errors.UnexpectedEOF(),
        nats.errors.TimeoutError(),
        nats.errors.FlushTimeoutError(),
        TimeoutError(),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_fault_of_the_bus(error: Exception) -> None:
    assert bare(said(error)) == set()


FILLED = Template(
    name="ψ", language="el", status=APPROVED, header="text", header_text="{{1}}", body="{{ω}}", footer="ψ", named=True,
    buttons=(Button("url", "ψ", "https://α.γρ/{{1}}"),),
)  # fmt: skip
PLACED = Template(name="ψ", language="el", status=APPROVED, header="location", body="ψ")
DRAWN = Template(name="ψ", language="el", status=APPROVED, header="image", body="ψ")
_KEPT = {"VALUE", "https", "set", "header", "button", "location", "el", *words_of(" ".join(STATES).replace("_", " "))}
"""Options of the command line, and Meta's names."""
GIVEN = {"header": "ψ", "body:ω": "ψ", "button:0": "ψ"}


@pytest.mark.parametrize(
    ("template", "values"),
    [
        *((FILLED, {name: value for name, value in GIVEN.items() if name != left}) for left in GIVEN),
        *((FILLED, GIVEN | {key: value}) for key in GIVEN for value in (" ", "a\nb", "ψ" * 2000)),
        *((FILLED, GIVEN | {key: "ψ"}) for key in ("body:ξ", "button:7")),
        (FILLED, GIVEN | {"body:ω": "ψ" * 1020, "header": "ψ" * 59}),
        (FILLED, GIVEN | {"header": "ψ" * 60}),
        (PLACED, {"header": "ψ", "body:ξ": "ψ"}),
        (DRAWN, {"header": "ψ"}),
        (replace(PLACED, header=None), {"header": "ψ"}),
        *((replace(FILLED, status=status), GIVEN) for status in (*STATES, "", "ΨΩ")),
        (replace(FILLED, beyond=("ψ",)), GIVEN),
    ],
)
def test_the_faults_of_a_template_s_values(template: Template, values: dict[str, str]) -> None:
    found = filled(template, values)
    assert not isinstance(found, Part)
    for fault in found:
        assert "⟦" in Marking().say(fault)
        assert bare(fault) <= _KEPT


async def test_the_phones_hear_why_a_message_was_not_stored(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the language of the browser; a program, which asks for none, in English."""

    async def full(*_: object, **__: object) -> None:
        raise LogFull(Phrase("the log is full: maximum bytes exceeded"))

    monkeypatch.setattr(page.log, "publish", full)
    message = {"id": "ψ".encode().hex(), "chat": ANA.chat, "text": "γεια"}
    status, told = await page.post("/api/messages", message, Accept_Language="es")
    assert (status, told["error"].endswith("el registro está lleno: se superó el máximo de bytes.")) == (503, True)
    status, told = await page.post("/api/messages", message)
    assert told == {"error": "Not stored: the log is full: maximum bytes exceeded."}


async def test_the_reasons_of_readiness(page: Page) -> None:
    """The page has them in its language, `/readyz` in English."""
    page.troubles.append(Phrase("the connection to NATS is lost; it is tried again"))
    _, shown = await page.get("/desk", **{"accept": "text/html", "accept-language": "pt-BR"})
    assert "a conexão com o NATS caiu" in shown
    async with page.stream(f"/api/chats/{ANA.chat}/stream", Accept_Language="pt-BR") as stream:
        _, status, _ = await stream.next("status")
    assert status["reasons"] == ["a conexão com o NATS caiu; há novas tentativas"]
    assert (await page.get("/readyz"))[1]["reasons"] == ["the connection to NATS is lost; it is tried again"]


@pytest.mark.parametrize("password", ["short", "ψ" * 2_000, "ψψψψψψψψψψψψψ"])
def test_a_password_that_is_refused(password: str) -> None:
    fault = fault_of(password, "ψψψψψψψψψψψψψ")
    assert "⟦" in Marking().say(fault)
    assert bare(fault) == set()
