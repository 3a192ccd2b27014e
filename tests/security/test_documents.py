"""Documents that are made to do harm: none delays another chat for long, takes much, or learns anything."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document

from actors.document_slots import DocumentSlots
from actors.media_files import MediaFiles, Settled
from backends.content.confinement import environment
from backends.content.extract_process import LONGEST, UNPACKED, beginning, unpacked
from backends.content.extraction import WIDEST, Extraction
from backends.protocol import CannotBeRead, Transcript
from chat.attachments import MIB
from events.inbound import Media
from events.jetstream.media_store import Object
from events.subjects import ChatKey
from tests.actors.house import ANA, BOB

PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CIA = ChatKey("local", "5511777777777@s.whatsapp.net")


class Library:
    """Every document is there; which is open is to be seen, and each is closed by hand."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.most = 0
        self._open: dict[str, asyncio.Event] = {}
        self.files = MediaFiles(self, listen=self._listen, extract=self._extract)

    def send(self, key: ChatKey, *names: str) -> list[asyncio.Task[Settled]]:
        return [
            asyncio.create_task(self.files.settle("document", Media(object=name, mime=WORD), 5, key)) for name in names
        ]

    async def close(self, name: str) -> None:
        self._open.pop(name).set()
        await quiet()

    async def find(self, name: str) -> Object:
        return Object(len(name))

    async def read(self, name: str) -> bytes:
        self.opened.append(name)
        return name.encode()

    async def erase(self, name: str) -> bool:
        return False

    async def _listen(self, body: bytes, mime: str, patience: float) -> Transcript:
        raise AssertionError("nothing is spoken here")

    async def _extract(self, body: bytes, mime: str) -> str:
        done = self._open[body.decode()] = asyncio.Event()
        self.most = max(self.most, len(self._open))
        await done.wait()
        return body.decode()


async def quiet() -> None:
    """Until every task waits for something that a test does."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_six_documents_of_one_person_hold_up_no_other() -> None:
    """A chat has one slot: the next chat's document is opened at once. Bytes are taken into memory only then."""
    library = Library()
    sent = library.send(ANA, "a1", "a2", "a3", "a4", "a5", "a6")
    await quiet()
    assert library.opened == ["a1"]
    sent += library.send(BOB, "b1")
    await quiet()
    assert library.opened == ["a1", "b1"]
    for name in ("a1", "b1", "a2", "a3", "a4", "a5", "a6"):
        await library.close(name)
    assert [settled.text for settled in await asyncio.gather(*sent)] == ["a1", "a2", "a3", "a4", "a5", "a6", "b1"]
    assert library.most == 2


async def test_chats_take_turns() -> None:
    """A person with many waits for a person who has had none."""
    library = Library()
    sent = library.send(ANA, "a1", "a2", "a3") + library.send(BOB, "b1", "b2") + library.send(CIA, "c1")
    await quiet()
    for name in ("a1", "b1", "c1", "a2", "b2", "a3"):
        await library.close(name)
    await asyncio.gather(*sent)
    assert library.opened == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_many_chats_of_one_account_hold_up_no_other_account() -> None:
    """Its document is the next one to be opened."""
    library = Library()
    busy = [ChatKey("busy", f"{number}@s.whatsapp.net") for number in range(20)]
    sent = [task for number, key in enumerate(busy) for task in library.send(key, f"busy{number}")]
    await quiet()
    sent += library.send(ANA, "a1") + library.send(BOB, "b1")
    await quiet()
    await library.close("busy0")
    await quiet()
    assert library.opened == ["busy0", "busy1", "a1"]
    await library.close("busy1")
    await quiet()
    assert len(library.opened) == 4  # the other account's chats too have their turns
    for name in ("a1", "b1", *(f"busy{number}" for number in range(2, 20))):
        await library.close(name)
    await asyncio.gather(*sent)
    assert library.most == 2


async def test_a_document_that_is_not_wanted_any_more_gives_its_slot_back() -> None:
    """Open or waiting; and of a chat that has none, nothing is kept."""
    library = Library()
    first, second, third = library.send(ANA, "a1", "a2", "a3")
    await quiet()
    first.cancel()
    third.cancel()
    await quiet()
    await library.close("a2")
    assert (await second).text == "a2"
    slots = DocumentSlots()
    async with slots.of(ANA):
        assert len(slots._chats) == 1
    assert len(slots._chats) == 0


def packed(**parts: bytes) -> bytes:
    """A Word document with these parts (document, styles) instead of its own."""
    empty, into = io.BytesIO(), io.BytesIO()
    Document().save(empty)
    with ZipFile(empty) as before, ZipFile(into, "w", ZIP_DEFLATED) as after:
        for part in before.infolist():
            name = part.filename.removeprefix("word/").removesuffix(".xml")
            after.writestr(part.filename, parts.get(name, before.read(part)))
    return into.getvalue()


def written(inner: bytes, head: bytes = b"") -> bytes:
    """A Word document's text."""
    main = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return packed(document=head + b'<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (main, inner))


def lies() -> bytes:
    """An archive with a part of over a megabyte that says, in both places, that it has 10 bytes."""
    size = 1_234_567
    return packed(styles=b" " * size).replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))


def drawn(content: bytes, kids: bytes = b"3 0 R") -> bytes:
    """A PDF whose page has this compressed content."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count 1>>" % kids,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def deflated(piece: bytes, times: int) -> bytes:
    packer = zlib.compressobj()
    return b"".join([packer.compress(piece) for _ in range(times)]) + packer.flush()


SPENT = "1 s of CPU|within 3 s"
"""The bound that is met first depends on what else the machine does."""

WORDS = b"BT /F 1 Tf (ha) Tj ET\n" * 1000

LAUGHS = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("mime", "document", "refused"),
    [
        pytest.param(WORD, lambda: written(b"<w:p/>" * 3_000_000), SPENT, id="three million empty paragraphs"),
        pytest.param(WORD, lambda: packed(styles=b" " * (UNPACKED + 1)), "unpacks to more", id="a bomb"),
        pytest.param(EXCEL, lambda: packed(styles=b" " * (UNPACKED + 1)), "unpacks to more", id="a bomb, as a sheet"),
        pytest.param(WORD, lies, "BadZipFile", id="says a smaller size"),
        pytest.param(
            WORD,
            lambda: written(b"<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>", LAUGHS + b"]>"),
            "entity amplification",
            id="a billion laughs",
        ),
        pytest.param(WORD, lambda: written(b"<w:p>" * 100_000 + b"</w:p>" * 100_000), "Excessive depth", id="deep"),
        pytest.param(PDF, lambda: drawn(deflated(WORDS, 3000)), SPENT, id="a stream of 66 MB"),
        pytest.param(PDF, lambda: drawn(deflated(b" " * MIB, 256)), "LimitReached", id="a stream of 256 MB"),
        pytest.param(PDF, lambda: drawn(b"", kids=b"2 0 R 2 0 R"), "cyclic", id="pages in a circle"),
    ],
)
async def test_harmful_documents_are_bounded(mime: str, document: Callable[[], bytes], refused: str) -> None:
    """It is refused for its own content: no other limit was met before."""
    with pytest.raises(CannotBeRead, match=refused) as raised:
        await Extraction(seconds=1 if refused is SPENT else 5).extract(document(), mime)
    assert raised.value.reason == "file_unreadable"


async def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """By what its parts say of their sizes; and one that says less than it has is refused as well."""
    with pytest.raises(ValueError, match="unpacks to more"):
        unpacked(packed(styles=b" " * (UNPACKED + 1)))
    with pytest.raises(CannotBeRead, match="BadZipFile"):
        await Extraction().extract(lies(), WORD)


def test_a_text_is_cut_while_it_is_written() -> None:
    """One paragraph of a hundred megabytes is cut, and no more than enough is asked for."""
    asked = 0

    def parts(size: int) -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield "x" * size

    assert len(beginning(parts(MIB))) == LONGEST
    assert asked == 1
    assert beginning(parts(0)) == "\n" * LONGEST


async def test_one_long_paragraph() -> None:
    """140 KB that are 100 MB of text: the parent gets its beginning."""
    document = written(b"<w:p><w:r><w:t>" + b"x" * (9 * MIB) + b"</w:t></w:r></w:p>")
    assert await Extraction().extract(document, WORD) == "x" * (LONGEST - 1) + "\n"


@pytest.mark.parametrize("body", ["é".encode() * 16 * MIB, b"\xe9" * 16 * MIB, "🥖".encode() * 8 * MIB])
async def test_of_a_plain_text_the_beginning_is_decoded(body: bytes) -> None:
    """In either encoding; a character that the cut goes through is left out."""
    assert len(body) > WIDEST * LONGEST
    text = await Extraction().extract(b"x" + body, "text/plain")
    assert len(text) in (LONGEST, LONGEST - 1)
    assert set(text[1:]) <= {"é", "🥖"}


def program(path: Path, words: str) -> str:
    """A program that runs instead of Python, with any arguments."""
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return str(path)


async def test_a_reader_that_does_not_stop_writing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is ended, and its output is not kept."""
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", "exec yes"))
    with pytest.raises(CannotBeRead, match="does not stop writing"):
        await Extraction().extract(b"%PDF" + b" " * MIB, PDF)


async def test_a_reader_has_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no token, no address: what Python needs, and nothing else."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("NATS_URL", "nats://secret@bus")
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", "export -p"))
    assert "secret" not in await Extraction().extract(b"%PDF", PDF)
    assert environment({"OPENAI_API_KEY": "sk-secret", "PYTHONPATH": "."}) == {"PYTHONPATH": "."}


CALLS = """
import socket, sys
from backends.content.confinement import confine
missing = confine(5)
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
except OSError:
    print("refused", *missing)
else:
    print("reached", *missing)
try:
    open(sys.argv[2], "wb", buffering=0).write(b"x")
except OSError:
    print("unwritten")
try:
    bytes(600 * 1024**2)
except MemoryError:
    print("bounded")
"""


async def test_a_reader_has_no_network_writes_no_file_and_is_bounded(tmp_path: Path) -> None:
    """Where the system does not take the network from it, it says so, and `recado doctor` with it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = ("-c", CALLS, str(server.getsockname()[1]), str(tmp_path / "file"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env=environment(os.environ)
        )
        out, _ = await process.communicate()
    reached, unwritten, bounded = out.decode().splitlines()
    assert reached in ("refused", "reached network")
    assert (unwritten, bounded) == ("unwritten", "bounded")
