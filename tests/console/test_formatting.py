"""WhatsApp's marks in the words of a message, and links."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.unseen import unturned
from console.formatting import formatted, plain
from tests.calls import calls_of

MARKS = "*_~`>- \n.0123456789"


class Read(HTMLParser):
    """The text, the tags and the addresses of links of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def missing(text: str, shown: str) -> str:
    """The characters of `text` that `shown` leaves out; shown is `text` without some characters."""
    left, at = [], 0
    for char in text:
        if at < len(shown) and shown[at] == char:
            at += 1
        else:
            left.append(char)
    assert at == len(shown), (text, shown)
    return "".join(left)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~struck~", "<strong>bold</strong> <em>italic</em> <s>struck</s>"),
        ("*_both_*, and (*inside*)!", "<strong><em>both</em></strong>, and (<strong>inside</strong>)!"),
        ("2*3*4 and snake_case_name and a~b~c", "2*3*4 and snake_case_name and a~b~c"),
        ("no * bold* and *not bold *", None),
        ("*over\nlines*", "*over\nlines*"),
        ("**twice**", "*<strong>twice</strong>*"),
        ("`*code*` ```two\nlines```", '<code>*code*</code> <code class="block">two\nlines</code>'),
        ("* one\n* two\n", "<ul><li>one</li><li>two</li></ul>"),
        ("- one\n- two\nafter", "<ul><li>one</li><li>two</li></ul>after"),
        ("before\n1. one\n3. three", 'before<ol><li value="1">one</li><li value="3">three</li></ol>'),
        ("> said\n> twice\nno", "<blockquote>said\ntwice</blockquote>no"),
        ("01. is no list\n12345. neither", "01. is no list\n12345. neither"),
        ("a\n\nb\n", "a\n\nb\n"),
        ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ("5 > 3 * 2", "5 &gt; 3 * 2"),
        ("*Preço:* R$ 10,00", "<strong>Preço:</strong> R$ 10,00"),
        ("👍*oi*👍", "👍<strong>oi</strong>👍"),
    ],
)
def test_marks(text: str, html: str | None) -> None:
    assert str(formatted(text)) == (html if html is not None else text)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/x_y_z?q=*1*&b=2.", ["https://a.example/x_y_z?q=*1*&b=2"]),
        ("(https://a.example/b_(c))", ["https://a.example/b_(c)"]),
        ("*https://a.example*, HTTP://B.example!", ["https://a.example", "HTTP://B.example"]),
        ("javascript:alert(1) data:text/html,x ftp://a.example //a.example", []),
        ("https://", []),
        ('https://a.example/"onmouseover="x', ["https://a.example/"]),
        ("`https://a.example`", []),
        ("xhttps://a.example", ["https://a.example"]),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    read = Read(str(formatted(text)))
    assert read.links == links
    assert read.text.replace("*", "") == text.replace("*", "").replace("`", "")


PIECES = st.lists(
    st.sampled_from(
        [
            "*",
            "_",
            "~",
            "`",
            "```",
            "> ",
            "- ",
            "* ",
            "1. ",
            "\n",
            " ",
            "a",
            "ção",
            "https://x.example/",
            "<b>",
            "&lt;",
            '"',
            "'",
            "\u202e",
        ]
    )
).map("".join)


@given(st.one_of(st.text(), PIECES))
@example("* *\n*")
@example("```\n```")
@example("> \n> a")
def test_no_word_is_lost_and_no_html_comes_in(text: str) -> None:
    """The page shows the text without some of its marks and turns nothing around; other tags and attributes than ours
    are not there."""
    read = Read(str(formatted(text)).replace("\r", "&#13;"))
    assert read.open == []
    assert set(missing(unturned(text), read.text)) <= set(MARKS)
    assert unturned(read.text) == read.text
    assert set(read.tags) <= {"strong", "em", "s", "code", "ul", "ol", "li", "blockquote", "a"}
    assert read.attributes <= {"class", "value", "href", "rel", "target"}
    assert all(link.lower().startswith(("http://", "https://")) for link in read.links)


@given(st.text(st.characters(exclude_characters="*_~`>-\n:"), max_size=200).filter(lambda text: not text[:1].isdigit()))
def test_a_text_without_marks_is_as_it_was(text: str) -> None:
    assert Read(str(formatted(text)).replace("\r", "&#13;")).text == text


@pytest.mark.parametrize("unit", ["*a ", "*a* ", "_*~a", "`", "```", "> a\n", "(", "https://a/)", "*_~"])
def test_long_texts_take_no_longer_than_they_are(unit: str) -> None:
    """A message of the most characters is drawn with a number of steps that grows with its length alone."""
    short, long = (unit * (length // len(unit)) for length in (500, 8_000))
    assert calls_of(lambda: formatted(long)) <= 20 * calls_of(lambda: formatted(short)) + 1000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*Open* at _nine_, ~not ten~", "Open at nine, not ten"),
        ("```a\nb``` and `c`", "a b and c"),
        ("- milk\n- bread\n\n> said she", "milk bread said she"),
        ("1. one\n2. two", "1. one 2. two"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("<b>no</b> & *<i>*", "<b>no</b> & <i>"),
        ("see https://a.example/b_c_d, *now*", "see https://a.example/b_c_d, now"),
        ("", ""),
    ],
)
def test_a_preview_has_words_without_marks(text: str, said: str) -> None:
    assert plain(text) == said
