"""The settings of the gateway to WhatsApp, and its error for a missing one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recado.settings.environment import SettingsInvalid
from recado.settings.numbers import numbers_of, problems, throughput_of
from recado.settings.settings import Settings, settings_of
from recado.settings.whatsapp import Number
from tests.chaos.process import recado

GIVEN = {
    "WHATSAPP_ACCESS_TOKEN": "EAAGsecret0123",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "WHATSAPP_APP_SECRET": "5d41402abc4b2a76",
    "WHATSAPP_VERIFY_TOKEN": "word-of-mine",
}


def test_all_that_is_needed() -> None:
    settings = settings_of(GIVEN)
    assert list(problems(settings)) == []
    assert numbers_of(settings) == (Number("106540352242922", "106540352242922"),)
    assert numbers_of(settings_of(GIVEN | {"RECADO_ACCOUNT": "shop"})) == (Number("106540352242922", "shop"),)


@pytest.mark.parametrize("missing", GIVEN)
def test_missing_settings_are_named(missing: str) -> None:
    """With where it is to be had."""
    (problem,) = problems(settings_of({name: value for name, value in GIVEN.items() if name != missing}))
    assert problem.startswith(f"{missing} is required for a gateway to WhatsApp: ")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WHATSAPP_PHONE_NUMBER_ID", "+1 555 078 3881", "no id of a number"),
        ("WHATSAPP_ACCESS_TOKEN", "EAAG with a space", "copy it again"),
        ("WHATSAPP_GRAPH_URL", "graph.facebook.com", "starts with https://"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again", "write name:language"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, ", "fills no variable"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, name", "fills no variable"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, Name={name}", "fills no variable"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, name={nome}", "there are {name}, {name|friend} and {reply}"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, name={name", "a brace without its other"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, 1={name}, 1={reply}", "filled twice"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, 1={name}, what={reply}", "a template has either"),
        ("RECADO_WINDOW_TEMPLATE", "hello_again:en, 1={name}, 3={reply}", "give 1, 2 and so on"),
        ("RECADO_DOUBT_SECONDS", "0", "from 1 to 86400"),
        ("RECADO_IN_DOUBT", "retry", "none of park, resend"),
        ("RECADO_WEBHOOK_HOST", "shop.example.org", "no IP address"),
        ("RECADO_WEBHOOK_PORT", "99999", "from 0 to 65535"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsInvalid, match=says):
        settings_of(GIVEN | {name: value})


@pytest.mark.parametrize(
    ("value", "of_shop", "of_other"),
    [
        ("", None, None), ("50", 50, 50), ("shop=20", 20, None), ("shop=20, 80", 20, 80), ("1=20", 20, None),
        ("80,2 = 30", 80, 30), ("10000", 10_000, 10_000),
    ],
)  # fmt: skip
def test_throughput_of_each_number(value: str, of_shop: int | None, of_other: int | None) -> None:
    """By account, by id, or for all that have none of their own."""
    settings = settings_of({"WHATSAPP_THROUGHPUT": value})
    assert throughput_of(settings, Number("1", "shop")) == of_shop
    assert throughput_of(settings, Number("2", "2")) == of_other


@pytest.mark.parametrize(
    "value", ["0", "-1", "10001", "80.5", "fast", "shop=", "=", "shop=20, shop=30", "20, 30", "a=b=c"]
)
def test_a_throughput_that_is_none(value: str) -> None:
    with pytest.raises(SettingsInvalid, match="WHATSAPP_THROUGHPUT"):
        settings_of({"WHATSAPP_THROUGHPUT": value})


def test_a_throughput_of_no_number_is_named() -> None:
    """Where the numbers are known at the start; a typing error would else go unseen."""
    (problem,) = problems(settings_of(GIVEN | {"WHATSAPP_THROUGHPUT": "shop=20"}))
    assert problem.startswith("WHATSAPP_THROUGHPUT names shop")
    assert list(problems(settings_of(GIVEN | {"WHATSAPP_THROUGHPUT": f"{GIVEN['WHATSAPP_PHONE_NUMBER_ID']}=20"}))) == []


def test_secrets_are_never_shown() -> None:
    shown = repr(settings_of(GIVEN))
    assert not [GIVEN[name] for name in GIVEN if name != "WHATSAPP_PHONE_NUMBER_ID" and GIVEN[name] in shown]
    assert Settings().webhook_host == "127.0.0.1"


async def test_a_start_without_them(tmp_path: Path) -> None:
    """One line for each, exit status 1, and no traceback."""
    with recado(tmp_path) as nothing:
        told = await nothing.run("gateway", "cloud")
    assert told.code == 1
    assert [line.split()[1] for line in told.err.splitlines() if line.startswith("- ")] == [
        "WHATSAPP_PHONE_NUMBER_ID",
        "WHATSAPP_ACCESS_TOKEN",
        "WHATSAPP_APP_SECRET",
        "WHATSAPP_VERIFY_TOKEN",
    ]


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It names the setting that chooses another."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken, recado(tmp_path, **GIVEN) as gateway:
        gateway.environment["RECADO_WEBHOOK_PORT"] = str(taken.getsockname()[1])
        told = await gateway.run("gateway", "cloud")
    assert (told.code, "set RECADO_WEBHOOK_PORT" in told.err) == (1, True)


@pytest.mark.parametrize(("account", "simulated"), [({}, True), ({"RECADO_ACCOUNT": "shop"}, False)])
async def test_simulated_phones_beside_a_real_number(tmp_path: Path, account: dict[str, str], simulated: bool) -> None:
    """On its account there are none: they would take the real people's replies. On another they are."""
    with recado(tmp_path, command="up", RECADO_WEBHOOK_PORT="0", **GIVEN, **account) as instance:
        await instance.started()
        _status, told = await instance.asked("/api/overview")
        assert json.loads(told)["can_write"] is simulated
