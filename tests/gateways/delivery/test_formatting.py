"""Markdown becomes what WhatsApp shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.delivery.formatting import to_whatsapp


@pytest.mark.parametrize(
    ("markdown", "whatsapp"),
    [
        ("plain text", "plain text"),
        ("two\nlines", "two\nlines"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("**bold** and __two words__", "*bold* and *two words*"),
        ("R$ 10 **/kg**, or **/start**", "R$ 10 */kg*, or */start*"),
        ("*bold* and _italic_", "*bold* and _italic_"),
        ("***both***", "_*both*_"),
        ("~~gone~~", "~gone~"),
        ("**over\ntwo lines**", "*over*\n*two lines*"),
        ("# Opening hours", "*Opening hours*"),
        ("## The **rye** bread", "*The rye bread*"),
        ("`price` is", "`price` is"),
        ("```python\nx = 1\n```", "```\nx = 1\n```"),
        ("~~~\na ``` b\n~~~", "```\na ''' b\n```"),
        ("- rye\n- wheat", "- rye\n- wheat"),
        ("* rye\n\n* wheat", "* rye\n\n* wheat"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n  - b\n  - c\n- d", "- a\n  - b\n  - c\n- d"),
        ("> wise\n> words", "> wise\n> words"),
        ("[our page](https://example.org/x)", "our page (https://example.org/x)"),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("<https://example.org>", "https://example.org"),
        ("[example.org](https://example.org)", "https://example.org"),
        ("<ana@example.org>", "ana@example.org"),
        ("![the shop](https://example.org/a.png)", "the shop (https://example.org/a.png)"),
        ("see https://example.org/_a_b?x=*y*~z~ *now*", "see https://example.org/_a_b?x=*y*~z~ *now*"),
        ("**https://example.org/_a_**, (http://e.org/x_y)", "*https://example.org/_a_*, (http://e.org/x_y)"),
        ("| bread | price |\n|---|---|\n| rye | 4.20 |\n| wheat<br>white | 3.10 |",
         "bread | price\nrye | 4.20\nwheat white | 3.10"),
        ("above\n\n---\n\nbelow", "above\n\n———\n\nbelow"),
        ("<b>no HTML</b>", "<b>no HTML</b>"),
        ("5 * 3 = 15, 2 * 2 = 4", "5 * 3 = 15, 2 * 2 = 4"),
        ("snake_case_name", "snake_case_name"),
        ("R$ 5,00 \\* taxa", "R$ 5,00 * taxa"),
        ("    indented by a model", "indented by a model"),
        ("", ""),
        ("   \n\n ", ""),
    ],
)  # fmt: skip
def test_one_form(markdown: str, whatsapp: str) -> None:
    assert to_whatsapp(markdown) == whatsapp


UNCHANGED = {
    "numbers of a list": [
        "1. A\n2. B\n10. Voltar",
        "Menu\n\n0. Sair\n1. Pizza\n9. Atendente",
        "1) Um 2) Dois",
        "7) a\n3) b",
    ],
    "other marks of lists": [
        "Call:\n+ 55 11 91234-5678",
        "* rye\n* wheat",
        "*Valid on Mondays\n* or Tuesdays",
        "• a\n• b",
    ],
    "keys of a menu": [
        "9. Atendente\n# Voltar\n* Repetir",
        "Pedido\n\n# 4521",
        "#1 Pizza",
        "*#06#",
    ],
    "sums": [
        "2*3*4 = 24",
        "2**3**4",
        "x**2 + y**2 = z**2",
        "(a)**2 + (b)**3",
        "2 ** 3 ** 4",
        "f(*args, **kwargs), g(**a, **b)",
    ],
    "codes": [
        "*123*4*5#",
        "casa_*2024*_X",
        "a__b__c",
        "__init__",
        "__main__.py",
        "(__file__)",
        "x.__dict__",
        "__FILE__",
        "MY__VAR_1",
        "{{name}} [0] <b>",
        "std::vector<std::string>",
        "list[0](a.b)",
        "src/**/*.ts **/*.py **/a/**",
        "ignore **/build/** and **/dist/**",
        "src/**/a and lib/**/b",
    ],
    "masks": [
        "CPF ***.456.789-** e ***.111.222-**",
        "**** **** **** 1234",
        "+55 11 9****-1234",
        "f**k",
        "a***@e.org",
        "Visa **1234 e Master **5678",
        "_____",
        "__/__/____",
        "Nome: ______ Data: __",
    ],
    "WhatsApp's own": [
        "*Total:* R$ 30",
        "_x_ ~y~ `z`",
        "```a **b**```",
        "```one\n**two**\n3```",
        "*_x_*",
        "> q\n- *a*\n1. ~b~",
    ],
    "lines under a text": [
        "Thanks for waiting\n--\nShop Ana",
        "Total\n===",
        "Total\n---\n30",
        "-----",
        "~~~ sale ~~~",
        "~~~\nsale",
    ],
    "backslashes": [
        "C:\\_temp\\*.txt",
        "\\\\server\\share",
        "\\d+\\.\\d+",
        "¯\\_(ツ)_/¯",
        "\\*\\*stars\\*\\*",
        "a\\\\*b",
    ],
    "code": [
        "`**a** __b__ [c](https://e.org)`",
        "```\n# a\n1. **b**\n\n\n\n| c |\n|---|\n```",
        "- ```\n  x**2**3\n  ```",
    ],
    "addresses": [
        "https://e.org/a__b__/**c**/~~d~~?x=[1](2)",
        "www.e.org/__a b",
        "https://e.org/**",
    ],
    "not a table": [
        "a | b",
        "a | b\n--",
        "a|b|c\n--|--\n1|2",
    ],
    "tildes": [
        "Olá~~ tudo bem~~",
        "~~ a ~~",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in UNCHANGED.items() for text in texts])
def test_numbers_codes_and_whatsapps_own_style_pass_unharmed(kind: str, text: str) -> None:
    assert to_whatsapp(text) == text, kind


@pytest.mark.parametrize(
    ("markdown", "whatsapp"),
    [
        ("**Preço:**R$ 5", "*Preço:*R$ 5"),
        ("**重要**です", "*重要*です"),
        ("これは**重要**です", "これは*重要*です"),
        ("**중요**합니다", "*중요*합니다"),
        ("**“aspas”**fim, **(novo)**Pizza, **10%**off", "*“aspas”*fim, *(novo)*Pizza, *10%*off"),
        ("✅**Feito**", "✅*Feito*"),
        ("**W**orld **H**ealth", "*W*orld *H*ealth"),
        ("**2*3*4**", "2*3*4"),
        ("**bold *own* bold**", "bold *own* bold"),
        ("**a __b c__ d**", "*a b c d*"),
        ("_**both**_ and **~~gone~~**", "_*both*_ and *~gone~*"),
        ("__Total:__ 5 __Important__", "*Total:* 5 *Important*"),
        ("- **a\n- b**", "- **a\n- b**"),
        ("## *Own* and **bold**", "*Own* and bold"),
        ("# 5 * 3", "5 * 3"),
        ("# 1. Title ##", "*1. Title*"),
        ("``a``", "`a`"),
        ("snake\\_case\n2024\\. was\n1\\) a\n\\- a", "snake_case\n2024. was\n1) a\n- a"),
        ("[+55 11 91234](tel:+551191234)", "+55 11 91234"),
        (
            "[a](https://e.org/a_(b)) [![i](https://e.org/i)](https://e.org)",
            "a (https://e.org/a_(b)) i (https://e.org/i) (https://e.org)",
        ),
        ("```json\n{", "```\n{\n```"),
        ("```total\n5\n```", "```total\n5\n```"),
        ("````md\n```\n````", "```\n'''\n```"),
        ("a\r\nb\0", "a\nb\ufffd"),
    ],
)
def test_markdown_that_was_plainly_meant(markdown: str, whatsapp: str) -> None:
    assert to_whatsapp(markdown) == whatsapp


def test_a_wide_table_becomes_lines() -> None:
    """More than three columns do not fit beside each other on a phone."""
    table = "| # | Nome | P | M |\n|---|:-:|--:|-|\n| 1 | **Pizza** | 30 | 40 |\n| 2 | Su\\|co | | 5 | a mais |"
    assert to_whatsapp(f"Veja:\n\n{table}\nFim") == (
        "Veja:\n\n#: 1\nNome: *Pizza*\nP: 30\nM: 40\n\n#: 2\nNome: Su|co\nM: 5\na mais\nFim"
    )


def test_a_table_with_an_empty_heading() -> None:
    assert to_whatsapp("| | |\n|---|---|\n| Segunda | 9h |\n| Terça | 10h |") == "Segunda | 9h\nTerça | 10h"


def test_a_bar_in_code_parts_no_cells() -> None:
    assert to_whatsapp("| a | b |\n|---|---|\n| `x|y` | z\\|1 |") == "a | b\n`x|y` | z|1"


def test_long_headings_are_not_repeated_without_end() -> None:
    table = f"|{'a' * 4000}|b|c|d|\n|-|-|-|-|\n" + "|1|2|3|4|\n" * 1000
    assert len(to_whatsapp(table)) < 4 * len(table)


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
MARKED = st.sampled_from(["{}", "**{}**", "*{}*", "~~{}~~", "`{}`", "[{}](https://e.org)", "***{}***"])
LINES = st.sampled_from(["{}", "# {}", "- {}", "1. {}", "> {}", "```\n{}\n```", "  - {}", "| {} |"])


@given(st.lists(st.tuples(LINES, st.lists(st.tuples(MARKED, WORDS), min_size=1, max_size=4)), max_size=8))
def test_no_word_is_lost(lines: list[tuple[str, list[tuple[str, str]]]]) -> None:
    """However blocks and marks are put together, every word is still there, in order."""
    markdown = "\n".join(line.format(" ".join(mark.format(word) for mark, word in words)) for line, words in lines)
    shown = re.findall(r"\w+", to_whatsapp(markdown).replace("_", " "))
    rest = iter(shown)
    assert all(word in rest for _, words in lines for _, word in words)


PIECES = [
    *"** a * __ ~~ ``` ` 1. b1 [a]( https://e.org/x ) | *** : 重 \\ ~ _".split(),  # noqa: SIM905
    " ",
    "\n",
    "\n\n",
    "\n# ",
    "\n> ",
    "1. ",
    "\n|-|-|\n",
    "\n~~~\n",
]

TEXTS = (
    st.text()
    | st.text(alphabet="*_~`>#-+[]()!\\ \n\tab1.<&;|=/:é重👍")
    | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
)


@given(TEXTS)
def test_formatting_once_is_enough(text: str) -> None:
    """It never raises, and what is WhatsApp's already stays as it is."""
    once = to_whatsapp(text)
    assert to_whatsapp(once) == once


@given(
    TEXTS.filter(lambda text: "](" not in text and not re.search(r"(\|.*){4}|<br|<mailto:|```\w", text, re.IGNORECASE))
)
def test_no_letter_or_digit_is_lost_or_changed(text: str) -> None:
    """In every script and in order. Links and wide tables say some words once, or more often."""
    assert _letters(to_whatsapp(text)) == _letters(text)


PLAIN = st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="*_~`#[]\\<|>-")


@given(st.lists(st.text(PLAIN, min_size=1), max_size=20).map(" ".join))
def test_a_text_without_marks_is_not_touched(text: str) -> None:
    assert to_whatsapp(text) == text.strip()


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from([".", ")", " -", ":"]), WORDS), min_size=1, max_size=12))
def test_every_number_of_a_list_stays(items: list[tuple[int, str, str]]) -> None:
    text = "\n".join(f"{number}{mark} {word}" for number, mark, word in items)
    assert to_whatsapp(text) == text


@given(st.text(alphabet="*_~[]()#>-|\\ \nab1"), st.sampled_from(["`", "```", "```\n"]))
def test_code_is_not_touched(code: str, mark: str) -> None:
    code = code.replace("\n", " ") if mark == "`" else code
    shown = f"{mark}a{code}b{mark[::-1]}"
    assert shown in to_whatsapp(f"**x** {shown}" if mark == "`" else f"**x**\n{shown}")


def _letters(text: str) -> list[str]:
    return [character for character in text if character.isalnum()]
