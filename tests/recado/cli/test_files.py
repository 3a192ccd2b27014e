"""`recado files`: what is added, listed and removed, and what is refused before anything is written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from actors.leases.bucket import LeaseBucket
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.library import object_of
from recado.cli import main
from tests.conftest import LOG_BYTES
from tests.recado.command import Command
from tests.recado.instance import ANA
from tests.sample_files import PDF, picture


@pytest.fixture
async def library(on_bus: Command, bus: Bus) -> AsyncIterator[JetStreamLibrary]:
    """The library of the bus, as an instance has made it, and some files in the home of `recado`."""
    made = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    (on_bus.home / "Price list.pdf").write_bytes(PDF)
    (on_bus.home / "photo.jpg").write_bytes(picture("PNG"))
    yield made
    await made.close()


async def test_a_file_is_added_listed_replaced_and_removed(on_bus: Command, library: JetStreamLibrary) -> None:
    """By its own name, in any case; the same file again changes nothing."""
    done = await on_bus("files", "add", "Price list.pdf")
    assert (done.code, done.out) == (0, "Added Price list.pdf (document, 81 B) to account local.\n")
    assert "is there already, the same" in (await on_bus("files", "add", "Price list.pdf")).out
    (on_bus.home / "PRICE LIST.pdf").write_bytes(PDF + b"\n")
    (added,) = (await on_bus("files", "add", "PRICE LIST.pdf", "--caption", "In reais", "--json")).document
    assert (added["action"], added["before"]["name"], added["entry"]["part"]["caption"]) == (
        "replaced",
        "Price list.pdf",
        "In reais",
    )
    heading, line = (await on_bus("files", "list")).out.splitlines()
    assert heading.split() == ["NAME", "KIND", "SIZE", "ADDED", "BY", "TEXT"]
    assert line.startswith("PRICE LIST.pdf  document  82 B")
    assert line.endswith("In reais")
    assert (await on_bus("files", "remove", "price list.pdf")).out == "Removed PRICE LIST.pdf from account local.\n"
    assert (await on_bus("files", "list", "--json")).document == {"account": "local", "entries": []}
    assert "recado files add" in (await on_bus("files", "list")).err
    assert await library.content(object_of(PDF)) == PDF


async def test_the_content_decides(on_bus: Command, library: JetStreamLibrary) -> None:
    """Given a PNG called .jpg, then it is a PNG; a page called .pdf is refused, and says what to do."""
    assert (await on_bus("files", "add", "photo.jpg")).code == 0
    entry = await library.entry("local", "photo.jpg")
    assert entry is not None
    assert (entry.part.kind, entry.part.mime, entry.by[:4]) == ("image", "image/png", "cli:")
    (on_bus.home / "menu.pdf").write_text("<!doctype html><p>Menu")
    done = await on_bus("files", "add", "menu.pdf")
    assert (done.code, "menu.pdf: it is a page of HTML" in done.err, "print it to PDF" in done.err) == (1, True, True)


async def test_a_folder_is_added_as_a_whole_or_not_at_all(on_bus: Command, library: JetStreamLibrary) -> None:
    """Hidden files and folders in it are left; with bad files nothing is added, and all of them are told."""
    folder = on_bus.home / "to send"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.pdf", "b.pdf", ".hidden"):
        (folder / name).write_bytes(PDF)
    for name in ("empty.pdf", "cut.pdf"):
        (folder / name).write_bytes(PDF[:40] if name == "cut.pdf" else b"")
    done = await on_bus("files", "add", "to send")
    assert done.code == 1
    assert "empty.pdf: the file is empty" in done.err
    assert "cut.pdf: the PDF ends in the middle" in done.err
    assert "Nothing was added, of 4 files." in done.err
    assert await library.entries("local") == []
    for name in ("empty.pdf", "cut.pdf"):
        (folder / name).unlink()
    added = (await on_bus("files", "add", "to send", "photo.jpg", "--json")).document
    assert [one["entry"]["name"] for one in added] == ["a.pdf", "b.pdf", "photo.jpg"]


async def test_a_place(on_bus: Command, library: JetStreamLibrary) -> None:
    place = ("--latitude", "-23.55", "--longitude", "-46.63", "--address", "Rua 1")
    done = await on_bus("files", "add", "--place", "Bakery", *place)
    assert done.out == "Added Bakery (place) to account local.\n"
    entry = await library.entry("local", "bakery")
    assert entry is not None
    assert (entry.part.kind, entry.part.latitude, entry.part.name, entry.part.address) == (
        "location",
        -23.55,
        "Bakery",
        "Rua 1",
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "give a FILE"),
        (("nothing.pdf",), "does not exist"),
        (("empty folder",), "no files in it"),
        (("pipe",), "it is no file"),
        (("round.pdf",), "round.pdf"),
        (("photo.jpg", "Price list.pdf", "--name", "x"), "for one file"),
        (("photo.jpg", "Price list.pdf", "--caption", "x"), "for one file"),
        (("photo.jpg", "empty folder/../photo.jpg"), "have the same name"),
        (("photo.jpg", "--name", "a/b"), "no slashes"),
        (("photo.jpg", "--name", " "), "not blank"),
        (("photo.jpg", "--name", "x" * 81), "at most 80"),
        (("photo.jpg", "--name", "a\nb"), "cannot be seen"),
        (("photo.jpg", "--as", "document"), "as a picture, not as a document"),
        (("photo.jpg", "--as", "voice"), "as a picture, not as a voice message"),
        (("photo.jpg", "--latitude", "1"), "--place"),
        (("photo.jpg", "--place", "x"), "a place has no file"),
        (("--place", "x", "--latitude", "1"), "needs --latitude and --longitude"),
        (("--place", "x", "--latitude", "91", "--longitude", "1"), "91"),
        (("--place", " ", "--latitude", "1", "--longitude", "1"), "not blank"),
    ],
)
def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], says: str) -> None:
    """In a sentence, before recado looks for a bus."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty folder").mkdir()
    (tmp_path / "photo.jpg").write_bytes(picture("PNG"))
    (tmp_path / "Price list.pdf").write_bytes(PDF)
    (tmp_path / "round.pdf").symlink_to("round.pdf")
    os.mkfifo(tmp_path / "pipe")
    done = CliRunner().invoke(main, ["files", "add", *args])
    assert done.exit_code in {1, 2}
    assert says in done.output
    assert "Traceback" not in done.output


async def test_the_account_that_is_meant(
    on_bus: Command, library: JetStreamLibrary, bus: Bus, jetstream_log: JetStreamLog
) -> None:
    """The one of the settings; with several it has to be said; one is known by its gateway or its events too."""
    numbers = {"WHATSAPP_NUMBERS": "1234567=shop,7654321=bakery"}
    refused = await on_bus("files", "list", **numbers)
    assert (refused.code, "--account: shop, bakery" in refused.err) == (1, True)
    assert (await on_bus("files", "add", "photo.jpg", "--account", "bakery", **numbers)).code == 0
    listed = (await on_bus("files", "list", "--json", WHATSAPP_NUMBERS="7654321=bakery")).document
    assert (listed["account"], [one["name"] for one in listed["entries"]]) == ("bakery", ["photo.jpg"])
    refused = await on_bus("files", "list", "--account", "backery", **numbers)
    assert "take one of bakery, local, shop" in refused.err
    await jetstream_log.publish(ANA._replace(account="old"), Message(id="m1", text="x"), msg_id="m1")
    await LeaseBucket(bus).write("g.device", b'{"instance":"device-1","incarnation":"1"}', 0, ttl=60)
    for account in ("old", "device"):
        assert (await on_bus("files", "list", "--account", account, "--json")).document["entries"] == []


async def test_a_name_that_is_not_there(on_bus: Command, library: JetStreamLibrary) -> None:
    """It is refused with those that are."""
    await on_bus("files", "add", "Price list.pdf", "photo.jpg")
    done = await on_bus("files", "remove", "Prices.pdf")
    assert (done.code, "There are: photo.jpg, Price list.pdf" in done.err) == (1, True)


async def test_two_add_the_same_name_at_once(on_bus: Command, library: JetStreamLibrary) -> None:
    """Given two that add different files under one name, then one of them replaces the other, and says so."""
    both = [on_bus("files", "add", one, "--name", "today", "--json") for one in ("Price list.pdf", "photo.jpg")]
    done = [outcome.document[0]["action"] for outcome in await asyncio.gather(*both)]
    assert sorted(done) == ["added", "replaced"]


async def test_a_bus_without_a_library(on_bus: Command) -> None:
    """No instance of this release has run there: the command says what to do."""
    done = await on_bus("files", "list")
    assert (done.code, "start an instance first" in done.err) == (1, True)
