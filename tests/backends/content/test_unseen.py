"""A document has no text of its page that a browser does not show."""

from __future__ import annotations

import pytest

from backends.content.left_out import LeftOut
from backends.content.markdown_readers import READERS, whole

HIDDEN = {
    "not displayed": '<div style="display:none">secret</div>',
    "in it": '<div style="display:none"><p style="display:block">secret</p></div>',
    "in other letters": '<div STYLE="Display : None !important">secret</div>',
    "with a comment": '<div style="display:/**/none">secret</div>',
    "with signs escaped": r'<div style="d\69 splay:n\6f ne">secret</div>',
    "invisible": '<p style="visibility:hidden">secret</p>',
    "a row": '<table><tr><td>a</td></tr><tr style="visibility:collapse"><td>secret</td></tr></table>',
    "by attribute": "<p hidden>secret</p>",
    "a template": "<template>secret</template>",
    "without script": "<noscript>secret</noscript>",
    "a closed dialog": "<dialog>secret</dialog>",
    "a popover": "<div popover>secret</div>",
    "no size": '<p style="font-size:0">secret</p>',
    "a pixel": '<p style="font-size:1px">secret</p>',
    "a share of no size": '<p style="font-size:0"><b style="font-size:2em">secret</b></p>',
    "the short form": '<p style="font:0/0 a">secret</p>',
    "transparent": '<p style="opacity:0.0">secret</p>',
    "outside": '<p style="position:absolute;left:-9999px">secret</p>',
    "indented": '<p style="text-indent:-999em">secret</p>',
    "cut": '<p style="position:absolute;clip:rect(0,0,0,0)">secret</p>',
    "cut away": '<p style="clip-path:inset(100%)">secret</p>',
    "closed": '<p style="height:0;overflow:hidden">secret</p>',
    "shrunk": '<p style="transform:scale(0)">secret</p>',
    "instead of a film": "<video>secret</video>",
    "instead of a picture": "<canvas>secret</canvas>",
    "a rule": "<style>.x{display:none}</style><p class=x>secret</p>",
    "a rule of several": "<style>p, div > .x:not(.y) {display:none}</style><div><b class=x>secret</b></div>",
    "a rule for screens": "<style>@media screen{#x{display:none}}</style><p id=x>secret</p>",
    "a rule after others":
        '<style>@import "a.css"; @font-face{a:b} @media print{p{a:b}} p{display:none}</style><p>secret</p>',
    "the later rule": "<style>p{display:block} p{display:none}</style><p>secret</p>",
    "the more exact rule": "<style>p.x{display:none} p{display:block}</style><p class=x>secret</p>",
    "the important rule": '<style>p{display:none!important}</style><p style="display:block">secret</p>',
}  # fmt: skip

SHOWN = {
    "for readers aloud": '<p aria-hidden="true">seen</p>',
    "details": "<details><summary>More</summary>seen</details>",
    "found by searching": '<p hidden="until-found">seen</p>',
    "an open dialog": "<dialog open>seen</dialog>",
    "visible in what is not": '<div style="visibility:hidden"><p style="visibility:visible">seen</p></div>',
    "letters in a line without": '<div style="font-size:0"><p style="font-size:16px">seen</p></div>',
    "a style for the attribute": '<p hidden style="display:block">seen</p>',
    "a rule for print": "<style>@media print{p{display:none}}</style><p>seen</p>",
    "a rule for others": "<style>.y, p:hover, p::before{display:none}</style><p class=x>seen</p>",
    "a rule of no browser": "<style>p::@{display:none} p[{display:none}</style><p>seen</p>",
    "an active part": "<style>.t{display:none} .t.on{display:block}</style><p class='t on'>seen</p>",
    "its own style": '<style>p{display:none}</style><p style="display:block">seen</p>',
    "half transparent": '<p style="opacity:.5">seen</p>',
    "placed": '<p style="position:absolute;left:-20px;width:50%;overflow:hidden">seen</p>',
}


def read(body: bytes, mime: str = "text/html") -> tuple[str, int]:
    """The text of a document, and the words that were left out."""
    left_out = LeftOut()
    return whole(READERS[mime](body, left_out), left_out), left_out.words


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_what_a_browser_does_not_show_is_left_out(hidden: str) -> None:
    text, _ = read(f"<html><body><h1>open</h1>{hidden}<i>end</i></body></html>".encode())
    assert "secret" not in text
    assert "open" in text
    assert "end" in text


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_a_browser_shows_is_kept(shown: str) -> None:
    text, words = read(f"<html><body>{shown}</body></html>".encode())
    assert "seen" in text
    assert words == 0


def test_words_that_a_script_would_show_are_counted() -> None:
    """Not those of scripts, and of what surrounds a page."""
    page = (
        '<h1>Shop</h1><div role="tabpanel">Seven to nine.</div><div role="tabpanel" style="display:none">Closed on '
        'holidays <script>open()</script></div><nav hidden>Home</nav><p hidden="until-found">Pets</p>'
    )
    text, words = read(f"<html><body>{page}</body></html>".encode())
    assert "Seven" in text
    assert "Pets" in text
    assert words == 3


def test_a_page_of_which_nothing_is_shown() -> None:
    with pytest.raises(ValueError, match="all of its text is hidden"):
        read(b"<html><body><p hidden>secret</p></body></html>")
