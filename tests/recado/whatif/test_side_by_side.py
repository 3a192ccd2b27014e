"""Then on the left, now on the right; in sums, and as a page."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

from events.memory_log import MemoryLog
from recado.whatif.page import notes, page_of
from recado.whatif.report import Asked as WhatWasAsked
from recado.whatif.report import Report, report
from recado.whatif.side_by_side import _columns, lines_of
from tests.recado.whatif.real_chat import NOON, lived
from tests.recado.whatif.replaying import Asked, replay
from tests.recado.whatif.test_grouping import text

ASKED = WhatWasAsked(
    since=NOON,
    until=NOON,
    changed={"OPENAI_MODEL": "new"},
    backend="chat",
    model="new",
    debounce=1.0,
    history="as it was",
    max_turns=10,
    max_tokens=1000,
)


def reported(log: MemoryLog, *, limit: int = 100_000, **rule: object) -> Report:
    choice, results = replay(log, Asked(), limit=limit, **rule)
    return report(ASKED, choice, results, ["thread_1"], lambda _: "")


def test_both_replies_stand_beside_each_other() -> None:
    """With who wrote them, what they cost and how long they took."""
    lines = list(lines_of(reported(lived([(5, text("a"))], [(2.0, "")])), width=80))
    shown = (NOON + timedelta(seconds=6)).astimezone()  # the machine's zone
    assert lines[0] == f"5511999999999  {shown:%Y-%m-%d %H:%M:%S}  turn 1 of 1"
    assert lines[1] == "> text a"
    assert lines[2] == "then: old, 10 + 5 tokens, 2.0 s        │ now: new, 15 + 0 tokens, 0.0 s"
    assert lines[4] == "then: text a                           │ now: text a"


def test_long_words_and_wide_signs_keep_their_column() -> None:
    """A line never runs into the other side, nor out of the terminal."""
    long = "x" * 200 + " " + "日本語のとても長いテキスト" * 9 + " 🍞 \x1b[31mred"
    lines = list(lines_of(reported(lived([(5, text("a", text=long))])), width=70))
    sides = [line for line in lines if "│" in line]
    assert len(sides) > 6
    assert {_columns(line.partition("│")[0]) for line in sides} == {34}
    assert all(_columns(line) <= 70 for line in lines)
    assert "\x1b" not in "".join(lines)


def test_sums_and_medians_are_of_what_was_compared() -> None:
    """A reply that answered two messages counts once, though it is beside both of their turns."""
    log = lived([(5, text("a")), (0.5, text("b")), (30, text("c"))], [(2.0, ""), (4.0, "")])
    told = reported(log, debounce=0.1)
    assert (told.then.turns, told.now.turns) == (2, 3)
    assert (told.then.input_tokens, told.then.output_tokens) == (20, 10)
    assert (told.now.input_tokens, told.now.output_tokens) == (45, 0)
    assert (told.then.seconds, told.then.median_seconds) == (6.0, 3.0)
    assert [side.shared_with for turn in told.turns for side in turn.then] == [1, 1, 0]
    table = list(lines_of(told, width=80))[-8:]
    assert table[0].split() == ["THEN", "NOW", "CHANGE"]
    assert table[3].split() == ["input", "tokens", "20", "45", "+125%"]


def test_joined_turns_have_several_replies_on_the_left() -> None:
    """Each with its own words."""
    told = reported(lived([(5, text("a")), (2, text("b"))], [(0.1, "")]), debounce=3.0)
    (turn,) = told.turns
    assert [side.text for side in turn.then] == ["then: text a", "then: text b"]
    assert turn.now.text == "now: text a | text b"


def test_endings_without_a_reply_have_their_word() -> None:
    """Failed turns, requests for a human, open messages."""
    told = reported(lived([(5, text("a")), (30, text("b")), (30, text("c"))], [(1, "refused"), (1, "handoff")]))
    assert [side.ending for turn in told.turns for side in turn.then] == ["failed", "attention"]
    assert told.turns[0].then[0].text == "refused: it was to fail"
    assert told.turns[1].then[0].text == "they ask for a human"
    still_open = reported(lived([(5, text("a"))], [(1000, "")]))
    assert [side.ending for side in still_open.turns[0].then] == ["open"]


def test_omissions_are_told() -> None:
    """And the turns that were left out."""
    log = lived([(30, text(id_)) for id_ in "abcde"])
    told = reported(log, limit=345)
    left = told.left_out.turns
    assert left in (3, 4), "how much is set aside depends on how many are under way"
    assert told.left_out.because == ("--max-tokens 1000",)
    assert list(notes(told)) == [
        f"Left out because of --max-tokens 1000: {left} turns.",
        "Made at the provider for this, and still there: thread_1.",
    ]
    assert told.now.turns == 5 - left, "sums are of what was answered alone"
    assert told.then.turns == 5 - left
    assert "not answered" in "\n".join(lines_of(told, 100))


class _Page(HTMLParser):
    """Every tag that is opened, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else_and_obeys_no_text_in_it() -> None:
    """No script, no address to load from, with any text of people."""
    page = page_of(reported(lived([(5, text("a", text='<script>alert(1)</script> <img src="x" onerror="y">'))])))
    read = _Page(page)
    assert not {"script", "img", "link", "iframe"} & set(read.tags)
    assert not {"src", "href", "onerror"} & {name for name, _ in read.attributes}
    assert "url(" not in page
    assert "@import" not in page
    assert "now: <script>alert(1)</script>" in read.text
    assert "Changed: OPENAI_MODEL new" in read.text
