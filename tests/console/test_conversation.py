"""The lines of a chat on its page: days, quotes, reactions, edits, and who has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from console.conversation import day_of, days_of, kind_of, lines_of
from console.days import clock, day
from console.languages import ENGLISH
from events.inbound import Control, Edit, Message, Revoke
from events.parts import Part
from events.users import User
from projections.reads.lines import Beside, named
from projections.reads.views import Entry
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import HTML, address, given, reply

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ALONE = Beside({}, (), {})


def entry(seq: int, **fields: Any) -> Entry:
    known = {"id": f"m{seq}", "author": "person", "at": NOON, "text": f"words {seq}", "turn": None, "kind": "text"}
    return Entry(seq=seq, **(known | fields))


def reaction(seq: int, to: str, emoji: str, **fields: Any) -> Entry:
    return entry(seq, kind="reaction", text=emoji, quoted=to, **fields)


@pytest.mark.parametrize(
    ("hours", "days"),
    [((0, 1, 26), (True, False, True)), ((14, 16), (True, True)), ((0, 24, 48), (True, True, True))],
)
def test_a_day_begins_in_the_zone_of_the_page(hours: Sequence[int], days: Sequence[bool]) -> None:
    """At 02:00 UTC it is still yesterday in São Paulo."""
    lines = [entry(number, at=NOON + timedelta(hours=hour)) for number, hour in enumerate(hours)]
    assert tuple(line.day is not None for line in lines_of(lines, ALONE, SAO_PAULO)) == tuple(days)


def test_the_ends_of_the_calendar_are_shown() -> None:
    for at in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")):
            assert len(lines_of([entry(1, at=at)], ALONE, zone)) == 1
            assert str(clock(at, zone)).startswith("<time")
            day_of(at, zone)


@pytest.mark.parametrize(
    ("ago", "said"),
    [(0, "Today"), (1, "Yesterday"), (2, "Friday"), (6, "Monday"), (7, "22 November 2026"), (-1, "30 November 2026")],
)
def test_days_in_words(ago: int, said: str) -> None:
    today = date(2026, 11, 29)
    assert day(ENGLISH, today - timedelta(days=ago), today) == said


def test_a_reaction_is_drawn_at_its_message() -> None:
    """The last one of each person counts; one that is taken back, or whose message is deleted, is gone. A reaction to
    what is not on the page is a line of its own."""
    ours = entry(2, id="r1", author="assistant", kind=None)
    parts = (Part(kind="reaction", to="m1", emoji="🙏"),)
    page = [
        entry(1), ours, reaction(3, "r1#2", "👍"), reaction(4, "r1", "❤️"), reaction(5, "r1", "😮", sender="b@lid"),
        reaction(6, "m1", "😮"), reaction(7, "m1", ""), entry(8, id="r2", author="operator", kind=None, parts=parts),
        reaction(9, "gone", "👍"),
    ]  # fmt: skip
    lines = lines_of(page, ALONE, UTC)
    assert [line.seq for line in lines] == [1, 2, 9]
    assert [[one.emoji for one in line.reactions] for line in lines] == [["🙏"], ["❤️", "😮"], []]
    later = Beside({}, (reaction(20, "r1", "🎉"),), {})
    assert [one.emoji for one in lines_of([ours], later, UTC)[0].reactions] == ["🎉"]
    revoked = reaction(21, "r1", "🎉", revoked_at=NOON)
    assert lines_of([ours, revoked], ALONE, UTC)[0].reactions == ()


def test_what_a_line_quotes() -> None:
    """It is found on the page or elsewhere, as a whole or by a part; of a message that is deleted nothing is quoted."""
    elsewhere = entry(1, id="old")
    page = [entry(5), entry(6, quoted="m5"), entry(7, quoted="old#3"), entry(8, quoted="lost"), entry(9)]
    quotes = [line.quote for line in lines_of(page, Beside({"old": elsewhere, "m5": page[0]}, (), {}), UTC)]
    assert [one and (one.line and one.line.seq, one.is_here) for one in quotes] == [
        None, (5, True), (1, False), (None, False), None,
    ]  # fmt: skip
    assert lines_of([entry(2, quoted="old", revoked_at=NOON)], ALONE, UTC)[0].quote is None


def test_the_kind_of_what_is_quoted() -> None:
    voice = msgspec.Raw(b'{"object":"x","voice":true}')
    assert kind_of(entry(1, kind="audio", media=voice)) == "voice"
    assert kind_of(entry(1, kind="audio", media=msgspec.Raw(b'{"object":"x"}'))) == "audio"
    assert (
        kind_of(entry(1, author="assistant", kind=None, parts=(Part(kind="image", url="https://a.example/"),)))
        == "image"
    )
    assert kind_of(entry(1, author="assistant", kind=None)) == "text"


@examples(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["", "👍", "words"]), st.booleans()), max_size=12))
def test_every_line_is_there_once(given_: list[tuple[int, str, bool]]) -> None:
    """A line is shown, or is a reaction that is drawn at a line which is shown; whatever they name, circles too."""
    page = [
        reaction(seq, f"m{to}", text) if reacts else entry(seq, quoted=f"m{to}")
        for seq, (to, text, reacts) in enumerate(given_)
    ]
    lines = lines_of(page, ALONE, UTC)
    shown = {line.seq for line in lines}
    assert [line.seq for line in lines] == sorted(shown)
    for one in page:
        assert one.seq in shown or (one.kind == "reaction" and set(named(one)) <= {each.id for each in page})


async def test_quotes_of_earlier_pages(page: Page) -> None:
    """A quote leads to the page around its line; the name of who wrote by hand is on the line; earlier words of an
    edited message are there, those of a deleted one are not."""
    await given(page, ANA, Message(id="first", text="the *very* first"))
    await given(page, ANA, *(Message(id=f"a{number}", text="more") for number in range(70)))
    await given(
        page, ANA,
        Message(id="q", text="about that", quoted="first"), Edit(id="e", of="q", text="about it"),
        Message(id="d", text="secret", quoted="first"), Revoke(id="v", of="d"),
        Message(id="x", text="unknown", quoted="never"), Message(id="l", text="👍", kind="reaction", quoted="q"),
        Control(id="c1", command="send", text="by hand", by="zoe"),
    )  # fmt: skip
    await given(page, ANA, msgspec.structs.replace(reply(ANA, "c1.r", "by hand", author="operator"), cause="c1"))
    status, shown = await page.get(address(ANA), **HTML)
    assert status == 200
    assert f'<a class="quoted" href="{address(ANA)}?around=1#s1">' in shown
    assert "the very first" in shown
    assert "a message that is not known here" in shown
    assert '<div class="former" dir="auto">about that</div></details>' in shown
    assert "secret" not in shown
    assert '<ul class="reactions"' in shown
    assert '<span class="author" dir="auto">zoe</span>' in shown
    assert shown.count('class="day"') == 1


async def looks(page: Page, **form: str) -> int:
    headers = {"Origin": page.address}
    async with page.session.post(page.address + address(ANA, "/looking"), data=form, headers=headers) as response:
        return response.status


async def test_a_page_marks_what_it_shows(page: Page) -> None:
    """Opening marks as seen, up to the newest line; what a script says is bounded by the log, and never goes back."""
    await given(page, ANA, Message(id="a1", text="hello"), Message(id="a2", text="again"))
    seen = page.deps.seen
    await page.get(address(ANA, "?part=live"), **HTML)
    assert seen.upto(ANA) == 0
    await page.get(address(ANA), **HTML)
    assert seen.upto(ANA) == 2
    await given(page, ANA, Message(id="a3", text="more"))
    assert await looks(page, upto="9" * 18, writing="1") == 204
    assert (seen.upto(ANA), list(seen.writing(ANA))) == (3, ["page"])
    assert await looks(page, upto="1") == 204
    assert (seen.upto(ANA), list(seen.writing(ANA)), list(seen.looking(ANA))) == (3, [], ["page"])
    assert await looks(page, left="1") == 204
    assert list(seen.looking(ANA)) == []
    assert [await looks(page, upto=wrong) for wrong in ("-1", "x", "1" * 19, "²")] == [400] * 4
    assert seen.upto(TOM) == 0


async def test_nobody_looks_at_a_chat_that_there_is_not(page: Page) -> None:
    assert await looks(page, upto="1") == 404
    assert list(page.deps.seen.looking(ANA)) == []


async def test_a_viewer_marks_nothing(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look of someone who cannot answer leaves the chat unread for those who can."""
    await given(page, ANA, Message(id="a1", text="hello"))
    viewer = User("boss", "viewer")
    for module in ("console.desk", "console.looking"):
        monkeypatch.setattr(f"{module}.user_of", lambda _: viewer)
    assert (await page.get(address(ANA), **HTML))[0] == 200
    assert await looks(page, upto="1") == 204
    assert (page.deps.seen.upto(ANA), list(page.deps.seen.looking(ANA))) == (0, ["boss"])


async def test_the_stream_tells_who_looks(page: Page) -> None:
    await given(page, ANA, Message(id="a1", text="hello"))
    async with page.stream(f"/api/chats/{ANA.chat}/stream?account={ANA.account}&after=0") as stream:
        assert (await stream.next("looking"))[1] == {"looking": [], "writing": []}
        page.deps.seen.look(ANA, "zoe", writing=True)
        assert (await stream.next("looking"))[1] == {"looking": ["zoe"], "writing": ["zoe"]}


ZONES = [
    ZoneInfo(name) for name in ("UTC", "America/Sao_Paulo", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kolkata")
]
NEAR_CHANGES = [
    datetime(2026, 11, 29, 2, tzinfo=UTC),
    datetime(2018, 2, 18, 1, 30, tzinfo=UTC),  # São Paulo: midnight is eleven o'clock again
    datetime(2010, 11, 7, 2, tzinfo=UTC),  # St. John's: a minute past midnight it is yesterday again
    datetime(2026, 3, 8, 5, tzinfo=UTC),
]
times_near = st.builds(
    lambda near, minutes: near + timedelta(minutes=minutes), st.sampled_from(NEAR_CHANGES), st.integers(-3000, 3000)
)


@settings(max_examples=100)
@examples(st.lists(times_near, max_size=12), st.sampled_from(ZONES))
def test_days_and_times_agree(times: list[datetime], zone: ZoneInfo) -> None:
    """In any order of times, in every zone and over every change of its clock: no day begins twice, a line is of the
    day above it, and one that is not says so."""
    above: date | None = None
    for at, (begins, is_late) in zip(times, days_of(times, zone), strict=True):
        if begins is not None:
            assert above is None or begins > above
            above = begins
        assert above is not None
        own = at.astimezone(zone).date()
        assert own <= above
        assert is_late == (own < above)


def test_a_message_that_came_late() -> None:
    """It stays where it came, with the day and hour at which it was sent; a clock that is ahead counts for nothing."""
    lines = lines_of(
        [
            entry(1, at=NOON, sent_at=NOON),
            entry(2, at=NOON + timedelta(hours=1), sent_at=NOON - timedelta(days=2)),
            entry(3, at=NOON + timedelta(hours=2), sent_at=NOON + timedelta(days=900)),
            entry(4, at=NOON + timedelta(hours=3)),
        ],
        ALONE,
        SAO_PAULO,
    )
    assert [(one.seq, one.is_late, one.day) for one in lines] == [
        (1, False, date(2026, 11, 29)),
        (2, True, None),
        (3, False, None),
        (4, False, None),
    ]
    assert [str(clock(one.at, SAO_PAULO, is_late=one.is_late)).partition(">")[2] for one in lines] == [
        "09:00</time>", "2026-11-27 09:00</time>", "11:00</time>", "12:00</time>",
    ]  # fmt: skip


def test_old_messages_that_come_in_their_order() -> None:
    """Such as those of an imported chat: their own days, and none is late."""
    old = [entry(n, at=NOON, sent_at=NOON - timedelta(days=400 - n)) for n in range(3)]
    assert [(one.day is not None, one.is_late) for one in lines_of([*old, entry(9)], ALONE, UTC)] == [(True, False)] * 4
