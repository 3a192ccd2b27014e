"""The file of names has every change as the process had it that wrote it: numbers that changed hands, chats to join."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from events.subjects import ChatKey, token
from gateways.names.bucket import AliasBucket, Change, Place
from gateways.names.followed import Followed
from gateways.names.known import Known
from gateways.names.saved import NamesFile
from tests.waiting import until

ACCOUNTS = ("me", "a.b c")
NAMES = (
    *("5511987654321@s.whatsapp.net", "5511987654321~7@s.whatsapp.net", "5511987654321~1750100472@s.whatsapp.net"),
    *("551187654321@s.whatsapp.net", "12195555358~0@s.whatsapp.net", "12195555358@s.whatsapp.net"),
    *("99887766@lid", "55443322@lid", "BR.1@bsuid", "BR.1-2_3@bsuid", "12-3@g.us"),
)
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class _Bucket(AliasBucket):
    """Has these changes, of each name the last one."""

    def __init__(self, changes: list[Change]) -> None:
        last = {(change.account, change.name): change for change in changes}
        self.left = sorted((change for change in last.values() if change.canonical), key=lambda change: change.seq)
        self._changes = changes

    async def newest(self, account: str | None) -> Place | None:
        return _place(self.left[-1].seq) if self.left else None

    async def holds(self, place: Place) -> bool:
        return place in [_place(change.seq) for change in self.left]

    async def count(self, account: str | None) -> int:
        return len(self.left)

    async def follow(self, after: int, account: str | None = None) -> AsyncGenerator[tuple[list[Change], bool], None]:
        """First everything as one who follows from the beginning has it; to one who begins later, what is left."""
        changes = self.left if after else self._changes
        yield [change for change in changes if change.seq > after], True
        await asyncio.Event().wait()


def _place(seq: int) -> Place:
    return Place(_BEGAN, seq, _BEGAN + timedelta(seconds=seq))


def _bytes(name: str) -> bytes:
    return token(name).encode()


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.sampled_from(NAMES),
        st.sampled_from((*NAMES, "")),
        st.sampled_from(("", "joined", *NAMES)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_every_change_comes_back(drawn: list[tuple[str, str, str, str]]) -> None:
    known, changes = {account: Known() for account in ACCOUNTS}, list[Change]()
    for seq, (account, name, canonical, header) in enumerate(drawn, 1):
        if known[account].canonical(canonical) == name:
            continue  # no gateway writes a circle
        if canonical:
            known[account].put(name, canonical)
        else:
            known[account].remove(name)
        body, is_join = canonical.encode(), bool(canonical) and header in NAMES
        into = header if is_join else ""
        changes.append(Change(seq, _bytes(account), _bytes(name), body, is_join, header == "joined", into))
    asyncio.run(_comes_back(_Bucket(changes)))


async def _comes_back(bucket: _Bucket) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "names.bin"
        before = await _known(bucket, path)
        assert path.exists() == bool(bucket.left)
        if bucket.left:
            trailer = NamesFile(path).trailer()
            assert trailer is not None
            assert trailer.place.seq == bucket.left[-1].seq
        assert await _known(bucket, path) == before


State = tuple[dict[tuple[str, str], tuple[str, frozenset[str]]], dict[ChatKey, str]]


async def _known(bucket: _Bucket, path: Path) -> State:
    """What a start with this file knows; it keeps the file up to date."""
    followed = Followed(bucket, None, lambda _: None, NamesFile(path))
    running = asyncio.gather(followed.run(), followed.save())
    await followed.ready.wait()
    await until(lambda: path.exists() or not bucket.left)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    families = {
        (account, name): (known.canonical(name), frozenset(known.family(name)))
        for account in ACCOUNTS
        for known in [followed.of(account)]
        for name in NAMES
    }
    return families, followed.joins
