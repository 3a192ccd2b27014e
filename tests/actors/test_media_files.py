"""Results of reading a file: text, a picture, a document, or the reason for none."""

from __future__ import annotations

import io
import sys

import pytest
from docx import Document

from actors.media_files import LONGEST_TEXT, InTurn, MediaFiles, Settled
from backends.content.attachments import IMAGES, PDF
from backends.content.extraction import Extraction
from backends.protocol import CannotBeRead, ReplyFailed, Transcript, Usage
from chat.attachments import LARGEST_READ, MIB, FileRead, shown
from events.decisions import Ignored, MediaRead, Reply, TurnFailed
from events.inbound import Media, Message
from events.jetstream.media_store import Object
from events.log import LogUnavailable
from tests.actors.house import ANA, House, house

NOTE = Media(object="meta:1", mime="audio/ogg", voice=True)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Shelf:
    """An object store; `away` is the number of calls that it does not answer, `late` the number before the object is
    there."""

    def __init__(self, **files: bytes | Object) -> None:
        self.files = {name.replace("_", ":"): file for name, file in files.items()}
        self.away = self.late = 0

    async def find(self, name: str) -> Object | None:
        if self.away:
            self.away -= 1
            raise LogUnavailable("nobody answers")
        if self.late:
            self.late -= 1
            return None
        file = self.files.get(name)
        return Object(len(file)) if isinstance(file, bytes) else file

    async def read(self, name: str) -> bytes | None:
        file = self.files.get(name)
        return file if isinstance(file, bytes) else None


class Ear:
    """A listener with a given transcript; `heard` counts its calls."""

    def __init__(self, words: str = "do you have bread?") -> None:
        self.words = words
        self.heard = 0
        self.fault: Exception | None = None

    async def __call__(self, audio: bytes, mime: str, patience: float, in_turn: InTurn) -> Transcript:
        self.heard += 1
        if self.fault is not None:
            raise self.fault
        return Transcript(self.words, "gpt-transcribe", Usage(30, 4))


def files(shelf: Shelf, ear: Ear | None = None, **settings: float) -> MediaFiles:
    return MediaFiles(shelf, listen=ear or Ear(), extract=Extraction().extract, takes=IMAGES | PDF, **settings)


def of(name: str, mime: str | None, **fields: str) -> Media:
    return Media(object=name, mime=mime, **fields)


async def test_a_voice_note_is_text() -> None:
    """Parameters of the type do not matter; the cost is kept."""
    settled = await files(Shelf(meta_1=b"OggS")).settle("audio", of("meta:1", "audio/ogg; codecs=opus"), 5, ANA)
    assert settled == Settled("text", text="do you have bread?", model="gpt-transcribe", usage=Usage(30, 4))


@pytest.mark.parametrize(
    ("mime", "filename"),
    [
        ("audio/ogg; codecs=opus", "PTT-20261129-WA0001.opus"),
        ("application/ogg", None),
        ("application/octet-stream", "Voice 001.M4A"),
        (None, "note.amr"),
    ],
)
async def test_a_voice_note_that_was_forwarded_as_a_document(mime: str | None, filename: str | None) -> None:
    """It is heard, as one that was recorded in the chat."""
    sent = of("meta:1", mime, filename=filename) if filename else of("meta:1", mime)
    assert (await files(Shelf(meta_1=b"OggS")).settle("document", sent, 5, ANA)).text == "do you have bread?"
    assert shown("document", "", sent, FileRead("text", "do you have bread?"), past=False)[0].endswith("bread?")


async def test_without_transcription_the_person_hears_so_at_once() -> None:
    """Nobody waits for the file to arrive."""
    deaf = MediaFiles(Shelf(), listen=None, extract=Extraction().extract, arrives_within=1000)
    settled = await deaf.settle("audio", of("meta:1", "audio/ogg"), 5, ANA)
    assert (settled.form, settled.reason) == ("nothing", "not_transcribed")


async def test_pictures_and_what_the_model_takes_stay_as_they_are() -> None:
    """They are not read here."""
    shelf = Shelf(meta_1=b"\xff\xd8", meta_2=b"%PDF")
    assert await files(shelf).settle("image", of("meta:1", "image/jpeg"), 5, ANA) == Settled("image")
    assert await files(shelf).settle("document", of("meta:2", "application/pdf"), 5, ANA) == Settled("file")
    assert await files(shelf).settle("document", of("meta:1", "image/png"), 5, ANA) == Settled("image")


async def test_a_document_that_the_model_does_not_take_is_text() -> None:
    """Word documents, with their tables; plain text, in any encoding."""
    document, into = Document(), io.BytesIO()
    document.add_paragraph("We open at seven.")
    row = document.add_table(1, 2).rows[0]
    row.cells[0].text, row.cells[1].text = "bread", "4.20"
    document.save(into)
    shelf = Shelf(meta_1=into.getvalue(), meta_2="à la carte".encode("cp1252"))
    settled = await files(shelf).settle("document", of("meta:1", WORD), 5, ANA)
    assert settled == Settled("text", text="We open at seven.\nbread\t4.20")
    assert (await files(shelf).settle("document", of("meta:2", "text/plain"), 5, ANA)).text == "à la carte"


@pytest.mark.parametrize(
    ("kind", "file", "mime", "reason"),
    [
        ("audio", Object(LARGEST_READ["audio"] + 1), "audio/ogg", "too_large"),
        ("document", Object(LARGEST_READ["document"] + 1), "application/pdf", "too_large"),
        ("audio", Object(0, "too_large", "17 MB"), "audio/ogg", "too_large"),
        ("audio", Object(0, "not_fetched", "404"), "audio/ogg", "not_fetched"),
        ("audio", None, "audio/ogg", "not_fetched"),
        ("audio", b"", "audio/ogg", "file_unreadable"),
        ("audio", Object(7), "audio/ogg", "file_unreadable"),
        ("image", b"II*\x00", "image/tiff", "unsupported"),
        ("image", b"?", None, "unsupported"),
        ("document", b"PK nonsense", WORD, "file_unreadable"),
        ("document", b"nonsense", EXCEL, "file_unreadable"),
        ("document", b"MZ", "application/x-msdownload", "unsupported"),
        ("document", b" \n", "text/plain", "file_unreadable"),
    ],
)
async def test_unreadable_files(kind: str, file: bytes | Object | None, mime: str | None, reason: str) -> None:
    """Each has its reason and a detail."""
    shelf = Shelf(**({"meta_1": file} if file is not None else {}))
    settled = await files(shelf, arrives_within=0.01).settle(kind, of("meta:1", mime), 5, ANA)
    assert (settled.form, settled.reason) == ("nothing", reason)
    assert settled.detail


async def test_silence_and_noise() -> None:
    """A transcript without words is not answered, although it was paid for."""
    settled = await files(Shelf(meta_1=b"OggS"), Ear(" ")).settle("audio", of("meta:1", "audio/ogg"), 5, ANA)
    assert (settled.form, settled.reason, settled.usage) == ("nothing", "file_unreadable", Usage(30, 4))
    ear = Ear()
    ear.fault = CannotBeRead("file_unreadable", "it is noise")
    settled = await files(Shelf(meta_1=b"OggS"), ear).settle("audio", of("meta:1", "audio/ogg"), 5, ANA)
    assert (settled.reason, settled.detail) == ("file_unreadable", "it is noise")


async def test_a_file_that_comes_late() -> None:
    """The turn waits for it, over an outage of the bus too; it does not wait for a file that had to be there
    already."""
    shelf = Shelf(meta_1=b"OggS", mine=b"OggS")
    shelf.late, shelf.away = 2, 1
    assert (await files(shelf).settle("audio", of("meta:1", "audio/ogg"), 5, ANA)).form == "text"
    shelf.late = 1
    assert (await files(shelf).settle("audio", of("mine", "audio/ogg"), 5, ANA)).reason == "not_fetched"


async def test_a_long_text_is_cut() -> None:
    """The log keeps no book."""
    settled = await files(Shelf(meta_1=b"x" * MIB)).settle("document", of("meta:1", "text/plain"), 5, ANA)
    assert settled.text == "x" * LONGEST_TEXT + " … (cut off)"


async def test_a_reader_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """If its process dies of any cause, the document cannot be read."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CannotBeRead) as raised:
        await Extraction().extract(b"%PDF", "application/pdf")
    assert raised.value.reason == "file_unreadable"


async def sends(home: House, id_: str, text: str | None = None) -> None:
    await home.log.publish(ANA, Message(id=id_, kind="audio", text=text, media=NOTE), msg_id="")


async def test_the_whole_turn() -> None:
    """The transcript is in the log before the model is asked, and the model is told that the message was spoken."""
    async with house(files=files(Shelf(meta_1=b"OggS"))) as home:
        await sends(home, "m1")
        request = await home.model.asked(1)
        assert [line.text for line in request.messages] == ["[voice message] do you have bread?"]
        read = await home.decided(MediaRead)
        assert (read.text, read.model) == ("do you have bread?", "gpt-transcribe")
        home.model.answer(request, usage=Usage(5, 1))
        reply = await home.decided(Reply)
        assert (reply.usage.input_tokens, reply.usage.output_tokens) == (35, 5)


async def test_a_voice_note_where_nothing_transcribes() -> None:
    """The person is told in words that voice is not heard here; beside text the model answers, and knows of it."""
    deaf = MediaFiles(Shelf(), listen=None, extract=Extraction().extract)
    async with house(files=deaf, words={"not_transcribed": "I cannot hear you."}) as home:
        await sends(home, "m1")
        assert (await home.decided(Reply)).text == "I cannot hear you."
        assert (await home.decided(Ignored)).reason == "not_transcribed"
        await sends(home, "m2", "did you get it?")
        request = await home.model.asked(1)
        assert "voice is not heard here" in request.messages[0].text


async def test_a_crash_after_the_transcript_pays_for_it_once() -> None:
    """Another instance adopts the turn and asks the model; the file is not transcribed again."""
    ear = Ear()
    async with house(files=files(Shelf(meta_1=b"OggS"), ear)) as home:
        await sends(home, "m1")
        await home.model.asked(1)
        log = home.log
    async with house(log, "two", files=files(Shelf(meta_1=b"OggS"), ear)) as home:
        request = await home.model.asked(1)
        home.model.answer(request)
        await home.decided(Reply)
    assert ear.heard == 1


async def test_a_provider_that_is_away_fails_the_turn_and_a_retry_hears_it() -> None:
    """The file is not at fault: the person gets the apology, and `retry` reads the files that were not read."""
    ear = Ear()
    ear.fault = ReplyFailed("unreachable", "no route")
    async with house(files=files(Shelf(meta_1=b"OggS"), ear)) as home:
        await sends(home, "m1")
        failed = await home.decided(TurnFailed)
        assert failed.error.class_ == "unreachable"
        ear.fault = None
        await home.order("again", "retry", messages=("m1",))
        request = await home.model.asked(1)
        home.model.fail(request)
        await home.decided(TurnFailed, 2)
        await home.order("once more", "retry", messages=("m1",))
        request = await home.model.asked(2)
        assert request.messages[0].text.endswith("do you have bread?")
        home.model.answer(request)
        await home.decided(Reply, 2)
    assert ear.heard == 2


async def test_nothing_to_be_answered() -> None:
    """No model is asked; the message ends with the reason and the person is told once."""
    async with house(files=files(Shelf(), arrives_within=0.01), words={"unreadable": "I cannot open it."}) as home:
        await sends(home, "m1")
        ignored = await home.decided(Ignored)
        assert (ignored.messages, ignored.reason, ignored.told) == (("m1",), "not_fetched", True)
        told = await home.decided(Reply)
        assert (told.text, told.about, told.in_reply_to) == ("I cannot open it.", "m1", ())
        assert home.model.requests == []


async def test_words_beside_a_file_that_cannot_be_opened() -> None:
    """The words are answered, and the model knows about the missing file."""
    async with house(files=files(Shelf(), arrives_within=0.01)) as home:
        await sends(home, "m1", "what does she say?")
        request = await home.model.asked(1)
        assert "which could not be opened: it did not arrive]\nwhat does she say?" in request.messages[0].text
        home.model.answer(request)
        assert isinstance(await home.decided(Reply), Reply)
