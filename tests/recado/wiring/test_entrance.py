"""The way in to an instance's page: it follows the users of the bus, and is refused where nothing guards it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from recado.embedded.data_folder import DataFolder
from recado.settings.settings import settings_of
from recado.wiring.entrance import PageUnguarded, watched_entrance
from recado.wiring.lifecycle import Lifetime
from tests.console.people import user
from tests.waiting import until

PROXY = {"RECADO_PROXY_HEADER": "Remote-User", "RECADO_PROXY_ADDRESSES": "127.0.0.1"}


@pytest.mark.parametrize("given", [{"RECADO_HOST": "0.0.0.0"}, {"RECADO_HOST": "127.0.0.2"}, PROXY])
async def test_a_page_for_everyone_is_refused(bus: Bus, tmp_path: Path, given: dict[str, str]) -> None:
    """Beyond loopback, or with a proxy in front, without users and without a password; with a user it starts."""
    settings = settings_of(given)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(DataFolder.hold(tmp_path / "data"))
        with pytest.raises(PageUnguarded, match="recado user add"):
            await watched_entrance(Lifetime(stack), bus, settings, folder, replicas=1)
        book = await JetStreamUsers.open(bus)
        await book.write(user("ana", role="owner"), expected=0)
        entrance = await watched_entrance(Lifetime(stack), bus, settings, folder, replicas=1)
        assert entrance.mode == "users"
        await book.remove("ana", "me", expected=1)
        await until(lambda: entrance.mode == "shut")
        await book.close()


async def test_on_loopback_it_is_open_until_there_is_a_user(bus: Bus, tmp_path: Path) -> None:
    """A user who is made anywhere closes it, and one who is changed anywhere is changed here."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(DataFolder.hold(tmp_path / "data"))
        entrance = await watched_entrance(Lifetime(stack), bus, settings_of({}), folder, replicas=1)
        assert entrance.mode == "open"
        book = await JetStreamUsers.open(bus)
        await book.write(user("ana", role="owner"), expected=0)
        await until(lambda: entrance.mode == "users")
        await book.write(user("ana", role="viewer", accounts=("shop",)), expected=1)
        await until(lambda: entrance.named("Ana") == user("ana", role="viewer", accounts=("shop",)).user)
        await book.close()
