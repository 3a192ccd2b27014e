"""What belongs to one profile is never seen by another's chats: keys, tools, texts, limits, slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backends.protocol import ToolCall, Usage
from backends.provider.key import Key
from events.decisions import Ignored, Reply, ToolReturned
from events.profile import Profile
from events.subjects import ChatKey
from recado.profiles.overlay import Overlay, ProfileUnusable
from recado.settings.settings import Settings, settings_of
from recado.wiring.keys import embedding_key, model_key, second_key, transcription_key
from recado.wiring.profile_settings import ProfileSettings
from tests.actors.profiled import ANA, BOB, Shops, street
from tests.actors.test_profiles import Stock
from tests.recado.profiles.laid import settings_of_profile

TOOLS = '[{"type": "mcp", "server_label": "stock", "server_url": "https://mcp.example", "authorization": "own-token"}]'
OTHER = "https://other.example/v1"
OWN_KEYS = ("OPENAI_API_KEY", "OPENAI_FALLBACK_API_KEY", "OPENAI_TRANSCRIPTION_API_KEY", "OPENAI_EMBEDDING_API_KEY")
FOREIGN: list[dict[str, Any]] = [
    {"openai_base_url": OTHER, "openai_model": "m"},
    {"fallback_model": "m", "fallback_base_url": OTHER},
    {"transcription_model": "m", "transcription_base_url": OTHER},
    {"embedding_model": "m", "embedding_base_url": OTHER},
    {"openai_base_url": OTHER, "openai_model": "m", "fallback_model": "n"},
    {"openai_base_url": OTHER, "openai_model": "m", "openai_api_mode": "responses"},
]


def instance(folder: Path) -> dict[str, str]:
    """An instance whose own keys are files."""
    for name in OWN_KEYS:
        (folder / name).write_text(f"{name}-of-the-instance\n")
    (folder / "RECADO_HOSTED_TOOLS").write_text(TOOLS)
    return {
        "RECADO_SECRETS": str(folder),
        "RECADO_PROFILE_SERVERS": f"{OTHER} SHOP_KEY",
        "OPENAI_API_MODE": "responses",
    }


def profile(settings: dict[str, Any]) -> Profile:
    return Profile(name="shop", n=1, at=datetime(2026, 11, 29, tzinfo=UTC), accounts=("a",), settings=settings)


@pytest.mark.parametrize("settings", FOREIGN)
def test_a_key_in_the_folder_goes_to_no_server_of_a_profile(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Where the profile leaves the key out, that of the instance is not taken in its place."""
    laid = settings_of_profile(instance(tmp_path), profile(settings))
    assert not laid.hosted_tools or laid.openai_base_url != OTHER
    for url, key in (
        (laid.openai_base_url, laid.openai_api_key),
        (laid.fallback_base_url or laid.openai_base_url, laid.fallback.api_key if laid.fallback else ""),
        (laid.transcription_base_url, laid.transcription_api_key),
        (laid.embedding_base_url, laid.embedding_api_key),
    ):
        assert url != OTHER or not key


def test_a_key_of_a_profile_may_be_a_file(tmp_path: Path) -> None:
    """Under a name that the environment allows for that server; under another name it is refused."""
    given = instance(tmp_path)
    (tmp_path / "SHOP_KEY").write_text("sk-of-the-shop\n")
    asked = {"openai_base_url": OTHER, "openai_model": "m", "openai_api_key_name": "SHOP_KEY"}
    assert settings_of_profile(given, profile(asked)).openai_api_key == "sk-of-the-shop"
    (tmp_path / "BANK_KEY").write_text("sk-of-the-bank\n")
    for name in ("BANK_KEY", *OWN_KEYS):
        with pytest.raises(ProfileUnusable, match="may not be sent"):
            settings_of_profile(given, profile({**asked, "openai_api_key_name": name}))


def test_a_key_that_was_replaced_is_laid_as_it_is_now(tmp_path: Path) -> None:
    """A profile that is applied later gets the key that is in force by then."""
    given = instance(tmp_path)
    own = settings_of(given)
    overlay = Overlay(given, own, own.secrets.value)
    (tmp_path / "OPENAI_API_KEY").write_text("sk-new")
    own.secrets.again("OPENAI_API_KEY")
    assert overlay.settings(profile({"openai_model": "m"})).openai_api_key == "sk-new"


KEYS: list[tuple[Callable[[Settings], Key], dict[str, Any]]] = [
    (model_key, {"openai_base_url": OTHER, "openai_model": "m"}),
    (second_key, {"fallback_model": "m", "fallback_base_url": OTHER}),
    (second_key, {"openai_base_url": OTHER, "openai_model": "m", "fallback_model": "n"}),
    (transcription_key, {"transcription_model": "m", "transcription_base_url": OTHER}),
    (transcription_key, {"openai_base_url": OTHER, "openai_model": "m"}),
    (embedding_key, {"embedding_model": "m", "embedding_base_url": OTHER}),
    (embedding_key, {"openai_base_url": OTHER, "openai_model": "m", "embedding_model": "m"}),
]


@pytest.mark.parametrize(("key_of", "settings"), KEYS)
@pytest.mark.parametrize("later", [True, False])
def test_a_refusal_brings_no_other_key(
    tmp_path: Path, key_of: Callable[[Settings], Key], settings: dict[str, Any], later: bool
) -> None:
    """A server that a profile names without a key refuses every request: it gets none of the instance's keys for it,
    whether they were there before or come later."""
    given = instance(tmp_path)
    if later:
        for name in OWN_KEYS:
            (tmp_path / name).unlink()
        given["OPENAI_BASE_URL"] = "http://localhost:1/v1"
    own = ProfileSettings(settings_of(given))
    usable = own.of(profile(settings))
    assert usable.settings is not None
    key = key_of(usable.settings)
    assert key.value == "none"
    for name in (*OWN_KEYS, "SHOP_KEY"):
        (tmp_path / name).write_text(f"{name}-came-later")
    assert not key.replaced("none")


def test_a_profiles_own_key_is_read_again_under_its_own_name(tmp_path: Path) -> None:
    """Though the instance's key of that setting was replaced too; and the instance's server gets the instance's."""
    given = instance(tmp_path)
    (tmp_path / "SHOP_KEY").write_text("sk-old")
    own = ProfileSettings(settings_of(given))
    shop = own.of(profile({"openai_base_url": OTHER, "openai_model": "m", "openai_api_key_name": "SHOP_KEY"}))
    same = own.of(profile({"openai_model": "m"}))
    assert shop.settings is not None
    assert same.settings is not None
    of_shop, of_same = model_key(shop.settings), model_key(same.settings)
    assert (of_shop.value, of_same.value) == ("sk-old", "OPENAI_API_KEY-of-the-instance")
    (tmp_path / "OPENAI_API_KEY").write_text("sk-new-of-the-instance")
    (tmp_path / "SHOP_KEY").write_text("sk-new")
    assert of_shop.replaced("sk-old")
    assert of_same.replaced("OPENAI_API_KEY-of-the-instance")
    assert (of_shop.value, of_same.value) == ("sk-new", "sk-new-of-the-instance")


def test_a_file_that_breaks_later_stops_one_profile_alone(tmp_path: Path) -> None:
    """It is named as the reason; nothing is raised."""
    given = instance(tmp_path)
    own = ProfileSettings(settings_of(given))
    (tmp_path / "SHOP_KEY").mkdir()
    asked = {"openai_base_url": OTHER, "openai_model": "m", "openai_api_key_name": "SHOP_KEY"}
    assert own.of(profile(asked)).lacks
    assert not own.of(profile({"openai_model": "m"})).lacks


GROUP = ChatKey(ANA.account, "120363000000000001@g.us")


async def test_a_group_sees_nothing_of_its_accounts_profile() -> None:
    """The same account, two profiles: each has its tools, its budget and its words, whichever is used up first."""
    shops = Shops()
    shops.tools |= {"bread": Stock("bread"), "keys": Stock("keys")}
    await shops.apply("bakery", tools="bread", budget=10, words={"budget": "Enough bread for today."})
    await shops.apply("staff", tools="keys", groups=[f"{ANA.account}/{GROUP.chat}"], words={"budget": "Staff is done."})
    async with street(shops) as (home, _):
        await home.say("m1", "hello", key=ANA)
        first = await shops.model("bakery").asked(1)
        assert [tool.name for tool in first.tools] == ["bread"]
        shops.model("bakery").wants(first, ToolCall(id="c1", name="keys", arguments="{}"))
        assert (await home.decided(ToolReturned, key=ANA)).failed
        shops.model("bakery").answer(await shops.model("bakery").asked(2), usage=Usage(input_tokens=1000))
        await home.decided(Reply, key=ANA)
        await home.say("m2", key=ANA)
        assert (await home.decided(Ignored, key=ANA)).reason == "budget"
        assert (await home.decided(Reply, 2, key=ANA)).text == "Enough bread for today."
        for number in (1, 2):
            await home.say(f"g{number}", "hello", key=GROUP)
            asked = await shops.model("staff").asked(number)
            assert [tool.name for tool in asked.tools] == ["keys"]
            shops.model("staff").answer(asked, usage=Usage(input_tokens=1000))
            await home.decided(Reply, number, key=GROUP)
        assert len(shops.model("bakery").requests) == 2
        assert not shops.tools["keys"].called


async def test_another_accounts_chat_of_the_same_name_has_its_own_profile() -> None:
    """A profile for `bakery/JID` is none for that person's chat with another account."""
    shops = Shops()
    await shops.apply("regular", chats=[f"{ANA.account}/{ANA.chat}"])
    await shops.apply("grocer")
    there = ChatKey(BOB.account, ANA.chat)
    async with street(shops) as (home, _):
        await home.say("m1", "of the bakery", key=ANA)
        await home.say("m2", "of the grocer", key=there)
        shops.model("regular").answer(await shops.model("regular").asked(1))
        shops.model("grocer").answer(await shops.model("grocer").asked(1))
        assert (await home.decided(Reply, key=ANA)).profile == "regular@1"
        assert (await home.decided(Reply, key=there)).profile == "grocer@1"
        for name, words in (("regular", "of the bakery"), ("grocer", "of the grocer")):
            (request,) = shops.model(name).requests
            assert words in repr(request)
            assert "of the grocer" not in repr(request) or name == "grocer"
            assert "of the bakery" not in repr(request) or name == "regular"


async def test_a_profiles_full_slots_hold_up_no_other() -> None:
    """One turn at once in one profile: its second chat waits, and the other profile's chats do not."""
    shops = Shops()
    await shops.apply("bakery", max_runs=1)
    await shops.apply("grocer", max_runs=2)
    second = ChatKey(ANA.account, "5511777777777@s.whatsapp.net")
    others = [ChatKey(BOB.account, f"551166666666{number}@s.whatsapp.net") for number in range(2)]
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        first = await shops.model("bakery").asked(1)
        await home.say("m2", key=second)
        for number, key in enumerate(others):
            await home.say(f"o{number}", key=key)
        for number, _ in enumerate(others):
            await shops.model("grocer").asked(number + 1)
        assert home.instance.slots.waiting == 1
        assert len(shops.model("bakery").requests) == 1
        shops.model("bakery").answer(first)
        assert (await shops.model("bakery").asked(2)).chat == second.chat
