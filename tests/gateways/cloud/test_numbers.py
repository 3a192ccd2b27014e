"""Several numbers of one Meta app in one process: each with its own account, token, lease, pace and pause."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote

import pytest
from structlog.testing import capture_logs

from events.account_update import THROUGHPUT, AccountUpdate
from events.inbound import Receipt
from events.log import EventLog
from events.memory_log import MemoryLog
from gateways.delivery.checkpoint import GatewayRunning
from recado.settings.environment import SettingsInvalid
from recado.settings.numbers import numbers_of, problems
from recado.settings.settings import Settings, settings_of
from recado.settings.whatsapp import Number
from recado.wiring import cloud_numbers
from recado.wiring.cloud_number import Replies
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID, WABA, message, messages, news, status, statuses
from tests.gateways.cloud.numbers import BAKERY, GIVEN, OTHER_ID, OTHER_TOKEN, SHOP, given, meta, of_bakery, served, two
from tests.gateways.replies import decide, events, reply
from tests.waiting import until

__all__ = ["given", "meta", "two"]


async def test_each_number_has_its_account_and_its_token(meta: GraphDouble, two: Settings) -> None:
    """One webhook brings both; each reply goes out from its own number, and a status finds its own message."""
    async with served(two, MemoryLog()) as all_:
        assert await all_.post(messages(message("wamid.1"))) == 200
        assert await all_.post(of_bakery(messages, message("wamid.2"))) == 200
        assert (await all_.ids("shop"), await all_.ids("bakery")) == (["wamid.1"], ["wamid.2"])
        await decide(all_.log, reply("r1", SHOP), SHOP)
        await decide(all_.log, reply("r2", BAKERY), BAKERY)
        await all_.until_noted(SHOP, "r1", "accepted")
        await all_.until_noted(BAKERY, "r2", "accepted")
        sent = {taken.text: taken for taken in meta.taken}
        assert {text: taken.number for text, taken in sent.items()} == {
            "text of r1": PHONE_NUMBER_ID,
            "text of r2": OTHER_ID,
        }
        id_ = sent["text of r2"].id
        said = status(id_, "read", None)
        await until(lambda: all_.numbers.lines[OTHER_ID].known.of(id_))
        assert await all_.post(statuses(said)) == 200  # of the wrong number: another's message
        assert await all_.post(of_bakery(statuses, said)) == 200
        await all_.until_noted(BAKERY, "r2", "read")
        assert [one.event.state for one in await events(all_.log, "shop") if isinstance(one.event, Receipt)] == [
            "sending",
            "accepted",
        ]


async def told_notes(log: EventLog) -> list[tuple[str, AccountUpdate]]:
    """The news of the accounts, but for their throughput, which the gateway notes at its start."""
    return [one for one in await log.notes() if one[1].field != THROUGHPUT]


async def test_a_number_that_may_not_send_holds_up_no_other(meta: GraphDouble, two: Settings) -> None:
    meta.tokens[OTHER_ID] = "another"
    async with served(two, MemoryLog()) as all_:
        await decide(all_.log, reply("r2", BAKERY), BAKERY)
        await until(lambda: meta.unauthorized > 0)
        await decide(all_.log, reply("r1", SHOP), SHOP)
        await all_.until_noted(SHOP, "r1", "accepted")
        assert [taken.number for taken in meta.taken] == [PHONE_NUMBER_ID]

        async def noted() -> list[tuple[str, AccountUpdate]]:
            return await told_notes(all_.log)

        assert [account for account, _ in await until(noted)] == ["bakery"]


@pytest.mark.parametrize("fault", [RuntimeError("a defect"), GatewayRunning("bakery", Path("data"))])
async def test_a_number_that_breaks_ends_no_other(
    meta: GraphDouble, two: Settings, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """It begins again, and sends what waited."""
    begun, deliver = asyncio.Event(), Replies.deliver

    async def breaks_once(replies: Replies) -> None:
        if replies._account == "bakery" and not begun.is_set():
            begun.set()
            raise fault
        await deliver(replies)

    monkeypatch.setattr(Replies, "deliver", breaks_once)
    async with served(two, MemoryLog()) as all_:
        assert begun.is_set()
        for key in (SHOP, BAKERY):
            await decide(all_.log, reply(f"r-{key.account}", key), key)
            await all_.until_noted(key, f"r-{key.account}", "accepted")
    assert len(meta.taken) == 2


async def test_a_token_is_changed_without_a_restart(
    meta: GraphDouble, given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused one is read again; so is it every 30 s, which ends the pause that the old one began."""
    monkeypatch.setattr(cloud_numbers, "EVERY", 0.05)
    del given["WHATSAPP_ACCESS_TOKEN"]
    listed = {"WHATSAPP_NUMBERS": f"{PHONE_NUMBER_ID}=shop", "RECADO_SECRETS": str(folder)}
    file = folder / f"WHATSAPP_ACCESS_TOKEN_{PHONE_NUMBER_ID}"
    file.write_text(f"{ACCESS_TOKEN}\n")
    async with served(settings_of(given | listed), MemoryLog()) as all_:
        await decide(all_.log, reply("r1", SHOP), SHOP)
        await all_.until_noted(SHOP, "r1", "accepted")
        meta.tokens[PHONE_NUMBER_ID] = "EAAGdouble-the-next"
        with capture_logs() as logs:
            await decide(all_.log, reply("r2", SHOP), SHOP)
            await until(lambda: any(entry["event"] == "account_paused" for entry in logs))
            file.write_text("EAAGdouble-the-next")
            await all_.until_noted(SHOP, "r2", "accepted")
            assert "token_changed" in [entry["event"] for entry in logs]
        assert meta.unauthorized == 1
        meta.tokens[PHONE_NUMBER_ID] = "EAAGdouble-the-third"
        file.write_text("EAAGdouble-the-third")
        await decide(all_.log, reply("r3", SHOP), SHOP)
        await all_.until_noted(SHOP, "r3", "accepted")
        assert [taken.text for taken in meta.taken] == [f"text of r{n}" for n in (1, 2, 3)]


async def test_a_number_is_added_without_a_restart(meta: GraphDouble, given: dict[str, str], folder: Path) -> None:
    """The webhook that names it looks at the list again; until it is there, its messages are dead letters of its id."""
    (folder / "WHATSAPP_NUMBERS").write_text(f"{PHONE_NUMBER_ID}=shop\n")
    (folder / f"WHATSAPP_ACCESS_TOKEN_{OTHER_ID}").write_text(OTHER_TOKEN)
    log = MemoryLog()
    async with served(settings_of(given | {"RECADO_SECRETS": str(folder)}), log) as all_:
        assert await all_.post(of_bakery(messages, message("wamid.1"))) == 200
        (letter,) = log.dead_letters
        assert letter.subject == f"wa.dlq.{OTHER_ID}"
        assert "add it to WHATSAPP_NUMBERS" in unquote(letter.headers["Recado-Reason"])
        (folder / "WHATSAPP_NUMBERS").write_text(f"{PHONE_NUMBER_ID}=shop\n{OTHER_ID}=bakery\n")
        assert await all_.post(of_bakery(messages, message("wamid.2"))) == 200
        assert await all_.ids("bakery") == ["wamid.2"]
        await until(lambda: all(gateway._replies.started.is_set() for gateway, _ in all_.numbers._running.values()))
        await decide(log, reply("r2", BAKERY), BAKERY)
        await all_.until_noted(BAKERY, "r2", "accepted")
        assert (len(log.dead_letters), [taken.number for taken in meta.taken]) == (1, [OTHER_ID])


async def test_a_number_whose_token_comes_later(
    meta: GraphDouble, given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is served, and sends once there is one; what no token may be is told, and ends nothing."""
    monkeypatch.setattr(cloud_numbers, "EVERY", 0.05)
    del given["WHATSAPP_ACCESS_TOKEN"]
    (folder / "WHATSAPP_NUMBERS").write_text(f"{PHONE_NUMBER_ID}=shop\n{OTHER_ID}=bakery")
    (folder / f"WHATSAPP_ACCESS_TOKEN_{PHONE_NUMBER_ID}").write_text("no token\x00at all")
    async with served(settings_of(given | {"RECADO_SECRETS": str(folder)}), MemoryLog()) as all_:
        for key in (SHOP, BAKERY):
            await decide(all_.log, reply(f"r-{key.account}", key), key)
        await until(lambda: meta.unauthorized >= 2)
        (folder / f"WHATSAPP_ACCESS_TOKEN_{PHONE_NUMBER_ID}").write_text(ACCESS_TOKEN)
        (folder / f"WHATSAPP_ACCESS_TOKEN_{OTHER_ID}").write_text(OTHER_TOKEN)
        for key in (SHOP, BAKERY):
            await all_.until_noted(key, f"r-{key.account}", "accepted")


@pytest.mark.parametrize(
    "broken", ["", "shop", f"{PHONE_NUMBER_ID}=local", f"{PHONE_NUMBER_ID}=a\n{PHONE_NUMBER_ID}=b"]
)
async def test_a_list_that_breaks_changes_nothing(given: dict[str, str], folder: Path, broken: str) -> None:
    """The numbers that run go on; the log says what is wrong."""
    (folder / "WHATSAPP_NUMBERS").write_text(f"{PHONE_NUMBER_ID}=shop")
    async with served(settings_of(given | {"RECADO_SECRETS": str(folder)}), MemoryLog()) as all_:
        (folder / "WHATSAPP_NUMBERS").write_text(broken)
        with capture_logs() as logs:
            assert not await all_.numbers.look_again()
        told = {entry["event"] for entry in logs}
        assert told - {"throughput"} == {"numbers_unusable"}  # both are asked for at times of their own as well
        assert await all_.post(messages(message("wamid.1"))) == 200
        assert await all_.ids("shop") == ["wamid.1"]


async def test_a_number_is_taken_away(given: dict[str, str], folder: Path) -> None:
    """What comes for it is a dead letter from then on."""
    listed = folder / "WHATSAPP_NUMBERS"
    listed.write_text(f"{PHONE_NUMBER_ID}=shop\n{OTHER_ID}=bakery")
    log = MemoryLog()
    async with served(settings_of(given | {"RECADO_SECRETS": str(folder)}), log) as all_:
        listed.write_text(f"{PHONE_NUMBER_ID}=shop")
        assert not await all_.numbers.look_again()
        assert await all_.post(of_bakery(messages, message("wamid.1"))) == 200
        assert [letter.subject for letter in log.dead_letters] == [f"wa.dlq.{OTHER_ID}"]
        await until(lambda: not all_.numbers._leaving)


async def test_news_are_of_the_number_or_the_business(two: Settings) -> None:
    """Of the number that they name, once its messages told it; else of all that may be of the business account."""
    async with served(two, MemoryLog()) as all_:
        assert await all_.post(news("account_alerts", alert="first")) == 200
        assert {account for account, _ in await told_notes(all_.log)} == {"shop", "bakery"}
        assert await all_.post(of_bakery(messages, message("wamid.1"))) == 200
        named = news("phone_number_quality_update", display_phone_number=f"1555{OTHER_ID[-7:]}", event="FLAGGED")
        assert await all_.post(named) == 200
        assert await all_.post(messages(message("wamid.2")).replace(WABA.encode(), b"777")) == 200
        assert await all_.post(news("account_alerts", alert="second")) == 200
        kept = [(account, update.field) for account, update in await told_notes(all_.log)][2:]
        assert kept == [("bakery", "phone_number_quality_update"), ("bakery", "account_alerts")]


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ("shop", "no id of a number"),
        ("1=", "no name"),
        ("1=shop,2=shop", "give each its own"),
        ("1,1=shop", "give each its own"),
        ("1=2,2", "give each its own"),
        ("1=local", "simulated phones"),
        ("+15550783881", "no id of a number"),
    ],
)
def test_a_list_that_is_wrong(listed: str, says: str) -> None:
    with pytest.raises(SettingsInvalid, match=says):
        settings_of(GIVEN | {"WHATSAPP_NUMBERS": listed})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"WHATSAPP_PHONE_NUMBER_ID": "1"}, [Number("1", "1")]),
        ({"WHATSAPP_PHONE_NUMBER_ID": "1", "RECADO_ACCOUNT": "shop"}, [Number("1", "shop")]),
        (
            {"WHATSAPP_NUMBERS": "1=shop,\n 2 = the bakery ,3"},
            [Number("1", "shop"), Number("2", "the bakery"), Number("3", "3")],
        ),
        ({"WHATSAPP_PHONE_NUMBER_ID": "1", "WHATSAPP_NUMBERS": "2=b"}, [Number("1", "1"), Number("2", "b")]),
        ({"WHATSAPP_PHONE_NUMBER_ID": "2", "WHATSAPP_NUMBERS": "1=a,2=b"}, [Number("1", "a"), Number("2", "b")]),
    ],
)
def test_the_numbers_of_settings(given: dict[str, str], found: list[Number]) -> None:
    settings = settings_of(GIVEN | given)
    assert (list(numbers_of(settings)), list(problems(settings))) == (found, [])


def test_a_token_that_is_missing_is_named() -> None:
    settings = settings_of(
        {"WHATSAPP_NUMBERS": "1=a,2=b", "WHATSAPP_ACCESS_TOKEN_1": "x", **GIVEN, "WHATSAPP_ACCESS_TOKEN": ""}
    )
    (problem,) = problems(settings)
    assert problem.startswith("WHATSAPP_ACCESS_TOKEN_2 is required")
