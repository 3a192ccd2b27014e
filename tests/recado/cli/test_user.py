"""`recado user`: who is made, changed and removed, and what is refused before anything is written."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner

from console.passwords import Passwords, fault_of
from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from recado.cli import main
from recado.doctor.users import user_finding
from recado.settings.settings import settings_of
from tests.recado.command import Command

WORD = "correct-horse-battery"


@pytest.fixture
async def book(on_bus: Command, bus: Bus) -> AsyncIterator[JetStreamUsers]:
    """The bucket, as an instance has made it, and a file with a password in the home of `recado`."""
    made = await JetStreamUsers.open(bus, replicas=1)
    (on_bus.home / "word").write_text(WORD + "\n")
    yield made
    await made.close()


@pytest.mark.slow("runs ten commands, each a process")
async def test_users_are_added_changed_and_removed(on_bus: Command, book: JetStreamUsers) -> None:
    """The first one is an owner, later ones agents; the last owner stays."""
    done = await on_bus("user", "add", "Ana", "--password-file", "word")
    assert (done.code, done.out.splitlines()[0]) == (0, "Added ana, an owner of all accounts.")
    assert "asks for a name from now on" in done.out
    assert WORD not in done.out + done.err
    made = (await on_bus("user", "add", "tom", "--no-password", "--account", "local", "--json")).document
    assert (made["role"], made["accounts"], made["password"]) == ("agent", ["local"], False)
    stored = await book.look()
    assert await Passwords().matches(stored.users["ana"].password, WORD, known=True)
    assert stored.users["ana"].by.startswith("cli:")
    heading, ana, tom = (await on_bus("user", "list")).out.splitlines()
    assert heading.split() == ["NAME", "ROLE", "ACCOUNTS", "PASSWORD", "CHANGED", "BY"]
    assert (ana.split()[:4], tom.split()[:4]) == (["ana", "owner", "all", "yes"], ["tom", "agent", "local", "no"])
    for words in (("remove", "ana"), ("set", "ana", "--role", "viewer")):
        refused = await on_bus("user", *words)
        assert (refused.code, "ana is the last owner" in refused.err) == (1, True), words
    changed = await on_bus("user", "set", "tom", "--role", "owner")
    assert changed.out == "Changed tom, an owner of all accounts.\n"
    before = (await book.look()).users["tom"].logins
    assert (await on_bus("user", "logout", "tom")).code == 0
    assert (await book.look()).users["tom"].logins != before
    assert (await on_bus("user", "remove", "ana", "--json")).document == {"removed": "ana"}
    assert (await book.look()).owners == {"tom"}


@pytest.mark.slow("runs eight commands, each a process")
async def test_what_is_refused(on_bus: Command, book: JetStreamUsers) -> None:
    """Each with what to do instead, and with nothing written."""
    (on_bus.home / "short").write_text("short")
    for words, told in (
        (("add", "ana", "--role", "agent", "--no-password"), "the first user is an owner"),
        (("add", "ana", "--role", "owner", "--account", "local", "--no-password"), "an owner sees all accounts"),
        (("add", "ana", "--account", "nowhere", "--no-password"), "there is no account nowhere"),
        (("add", "ana", "--password-file", "short"), "12 characters at least"),
        (("add", "ana"), "give --password-file"),
        (("set", "tom", "--role", "viewer"), "there is no user tom"),
        (("remove", "tom"), "there is no user tom"),
    ):
        done = await on_bus("user", *words)
        assert done.code != 0, words
        assert told in done.err, (words, done.err)
    assert (await book.look()).seq == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "jo\u00e3o"], "letters a to z"),
        (["add", "a" * 65], "at most 64"),
        (["add", "page", "--no-password"], "take another"),
        (["add", "ana", "--role", "king"], "owner"),
        (["add", "ana", "--no-password", "--password-file", "-"], "give either"),
        (["set", "ana"], "say what to change"),
        (["set", "ana", "--account", "a", "--all-accounts"], "give either"),
        (["add", "ana", "hunter2-hunter2"], "unexpected extra argument"),
    ],
)
def test_wrong_words(words: list[str], told: str) -> None:
    """Told before the bus is asked; no password is taken as an argument."""
    done = CliRunner().invoke(main, ["user", *words])
    assert done.exit_code != 0
    assert told in done.output


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("short", "at least"),
        ("xy" * 513, "at most"),
        ("ana@example.org", "no password"),
        ("a" * 12, "guessed"),
        ("aAaAaAaAaAaA", None),
        ("e\u0301\u00e9" * 6, "guessed"),
        (" " * 12, "guessed"),
        (" \t\u00a0" * 4, "guessed"),
        ("ab" * 6, None),
        (WORD, None),
    ],
)
def test_passwords_that_may_be(word: str, told: str | None) -> None:
    """Length alone, and neither the name itself nor one sign again and again (NIST SP 800-63B wants no other rule)."""
    fault = fault_of(word, "ana@example.org")
    assert (fault is None) if told is None else (fault is not None and told in fault)


async def test_the_doctor_says_what_holds(bus: Bus) -> None:
    """In each state of the page."""
    assert await user_finding(bus, settings_of({})) is None
    book = await JetStreamUsers.open(bus, replicas=1)
    for given, state, told in (
        ({}, "ok", "open to this machine alone"),
        ({"RECADO_PAGE_PASSWORD": WORD}, "ok", "asks for RECADO_PAGE_PASSWORD"),
        ({"RECADO_HOST": "0.0.0.0"}, "failure", "others reach the page"),
        ({"RECADO_PROXY_HEADER": "Remote-User", "RECADO_PROXY_ADDRESSES": "127.0.0.1"}, "failure", "others reach"),
    ):
        finding = await user_finding(bus, settings_of(given))
        assert finding is not None
        assert (finding.state, told in finding.says) == (state, True), finding
    await bus.jetstream().publish("$KV.USERS.ana", b"{}")
    finding = await user_finding(bus, settings_of({}))
    assert finding is not None
    assert (finding.state, "cannot be read: ana" in finding.says) == ("failure", True)
    await book.close()
