"""A model's internals are cut out of its answer; the answer stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.cleaning import KINDS, _places, _Scan, cleaned
from chat.internals import is_call, unmarked_reasoning
from tests.calls import calls_of

CITE = "\ue200cite\ue202turn0search1\ue202turn0search3\ue201"

CASES: dict[str, list[tuple[str, str]]] = {
    "reasoning": [
        ("<think>hm</think>\n\nOlá", "Olá"),
        ("hm</think>\n\nOlá", "Olá"),
        ("Olá\n<think>and so", "Olá"),
        ("<think>a <think> b</think> c</think> Olá", "Olá"),
        ("<think>I will say <think> in it</think>Olá", "Olá"),
        ("<think>```py\nstray</think>Olá ```x```", "Olá ```x```"),
        ("<Thinking foo='1'>hm</ thinking >Olá", "Olá"),
        ("<seed:think>hm</seed:think>Olá", "Olá"),
        ("<reasoning>hm</reasoning>Olá", "Olá"),
        ("<analysis>hm</analysis>Olá", "Olá"),
        ("[THINK]hm[/THINK]Olá", "Olá"),
        ("◁think▷hm◁/think▷Olá", "Olá"),
        ("<|START_THINKING|>hm<|END_THINKING|>Olá", "Olá"),
        ("<|begin_of_thought|>hm<|end_of_thought|>Olá", "Olá"),
        ("<|channel|>analysis<|message|>hm ``` hm<|end|><|start|>assistant<|channel|>final<|message|>Olá", "Olá"),
        ("hm<|end|><|start|>assistant<|channel|>final<|message|>Olá ```a```", "Olá ```a```"),
        ("<|channel|>commentary<|message|>I look<|end|><|start|>assistant<|channel|>final<|message|>Olá", "Olá"),
        ("analysisThe user says hi.assistantfinalOlá", "Olá"),
        ("<inner-thoughts>hm</inner-thoughts>Olá", "Olá"),
        ("<thinking>hm</thinking>Olá", "Olá"),
        ("Thinking...\nhm\n...done thinking.\n\nOlá", "Olá"),
    ],
    "template": [
        ("<|im_start|>assistant\nOlá<|im_end|>\n<|im_start|>user\nMais?<|im_end|>", "Olá"),
        ("Olá<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nE?", "Olá"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nOlá", "Olá"),
        ("[INST] oi [/INST] Olá</s>", "Olá"),
        ("[INST] <<SYS>>be kind<</SYS>> oi [/INST]Olá", "Olá"),
        ("<<SYS>>be kind<</SYS>>Olá", "Olá"),
        ("<s>Olá</s>", "Olá"),
        ("<start_of_turn>model\nOlá<end_of_turn>", "Olá"),
        ("<｜Assistant｜>Olá<｜end▁of▁sentence｜>", "Olá"),
        ("<|assistant|>\nOlá<|endoftext|>more", "Olá"),
        ("[|assistant|]Olá[|endofturn|]", "Olá"),
        ("<final>Olá</final>", "Olá"),
        ("<answer>42</answer>", "42"),
        ("<bos>Olá<pad><unused12>", "Olá"),
        ("<think/>Olá", "Olá"),
        ("### Response:\nOlá", "Olá"),
    ],
    "citation": [
        ("Temos pão 【4:0†menu.pdf】.", "Temos pão."),
        ("a 【4:0†a】【4:1†source】 b", "a b"),
        (f"Pão{CITE} bom", "Pão bom"),
        ("pão citeturn0search1turn0search2.", "pão."),
        ("pão :contentReference[oaicite:0]{index=0}.", "pão."),
        ("a [oaicite:1] b", "a b"),
        ("a [4:0†menu.pdf], [oai_citation:0‡e.org](https://e.org/x)", "a,"),
        ("pão [turn0search1] turn1file2.", "pão."),
        ("a [citation:1][citation:2, 3].", "a."),
        ('<cite index="1">pão</cite> bom', "pão bom"),
        ("<co: 0>pão</co: 0> bom", "pão bom"),
    ],
    "private_use": [("a\ue203b", "ab"), ("\U00100001 x", "x")],
    "link": [
        ("[Baixar](sandbox:/mnt/data/a b.csv) aqui", "Baixar aqui"),
        ("![x](sandbox:/mnt/data/a.png)", "x"),
        ("[a](/mnt/data/a.csv)", "a"),
        ("Veja: sandbox:/mnt/data/a.csv", "Veja:"),
        ("Veja: /mnt/data/a.csv", "Veja:"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "text", "left"), [(kind, *case) for kind, cases in CASES.items() for case in cases if kind in KINDS]
)
def test_the_answer_is_left(kind: str, text: str, left: str) -> None:
    answer = cleaned(text)
    assert answer.text == left
    assert answer.flaw == ""
    assert kind in {cut.kind for cut in answer.cut}
    assert 0 < sum(cut.chars for cut in answer.cut) <= len(text)


CALLS = [
    '<tool_call>{"name":"stock"}</tool_call>',
    "Vou ver. <function=stock>{}</function>",
    '<function_calls><invoke name="stock">',
    '{"name": "stock", "arguments": {"item": "bread"}}',
    '[{"name": "stock", "parameters": {}}]',
    '{"arguments": {}, "name": "stock"}',
    '{"type": "function", "function": {"name": "stock"}}',
    '{"tool_calls": []}',
    'Let me see.\n{\n  "name": "stock",\n  "arguments": {}\n}',
    '[TOOL_CALLS] [{"name": "stock"}]',
    "<|python_tag|>stock.call()",
    "<｜tool▁calls▁begin｜>stock",
    "<|tool_calls_section_begin|>functions.stock:0",
    "```tool_code\nstock()\n```",
    '[get_stock(item="bread")]',
    "Action: stock\nAction Input: {}",
    "<|channel|>commentary to=functions.stock <|constrain|>json<|message|>{}<|call|>",
    "assistantcommentary to=functions.stock json{}",
    "<tool_response>3</tool_response>",
    "<minimax:tool_call>",
    "<longcat_tool_call>stock",
    "<｜DSML｜function_calls>",
    "✿FUNCTION✿: stock",
    "print(default_api.stock())",
    'stock({"item": "bread"})',
    '{"action": "stock", "action_input": {}}',
]


@pytest.mark.parametrize("text", CALLS)
def test_a_tool_call_as_text_is_no_answer(text: str) -> None:
    assert "tool call" in cleaned(text).flaw


EMPTY = ["<think>hm", "hm</think>", "<|im_end|>", CITE, "<|channel|>analysis<|message|>hm", "[INST]"]


@pytest.mark.parametrize("text", EMPTY)
def test_nothing_is_left(text: str) -> None:
    assert "holds nothing" in cleaned(text).flaw


UNTOUCHED = [
    "`<think>` opens it, ``</think>`` ends it",
    "```\n<think>\n</think>\n<|im_end|> 【4:0†x】 sandbox:/a\n```\nDone",
    "> ```xml\n> <tool_call>\n> ```",
    "```json\n{\"name\": \"stock\", \"arguments\": {}}\n```",
    "```\n<|eot_id|> is never closed",
    "a < b && c > d, {x} [y] <3 <b>oi</b> <br>",
    "<s>R$ 50</s> R$ 40",
    "【重要】 hoje [1] [ver] (a) {b}",
    "analysis of the bread, final words",
    '{"nome": "Ana"}',
    "I think </i> so",
    "Action: none",
    "  two spaces  ",
]  # fmt: skip


@pytest.mark.parametrize("text", UNTOUCHED)
def test_code_and_plain_words_stay(text: str) -> None:
    assert cleaned(text).text == text
    assert cleaned(text).cut == ()


MARKS = [case for cases in CASES.values() for case, _ in cases] + CALLS
PIECES = [
    *MARKS,
    *EMPTY,
    "<think>",
    "</think>",
    "`",
    "```",
    "\n```\n",
    "<|end|>",
    "a",
    "\n",
    " ",
    "<|im_start|>user",
    "<",
    "|>",
    "<|channel|>final<|message|>",
    "<thi",
    "nk>",
    "sandbox:/",
    "[x](",
    ")",
    "{",
    "}",
]
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(TEXTS)
def test_cleaning_once_is_enough(text: str) -> None:
    """Also where a cut joins the halves of another mark. Every character is left or counted, but for blanks."""
    once = cleaned(text)
    again = cleaned(once.text)
    assert (again.text, again.cut) == (once.text, ())
    assert len(once.text) + sum(cut.chars for cut in once.cut) <= len(text)
    assert {cut.kind for cut in once.cut} <= set(KINDS)


@given(TEXTS)
def test_the_quick_look_misses_no_mark(text: str) -> None:
    """A text that it calls free of marks has none; the places that it names are enough."""
    places = _places(text)
    if places is None:
        assert not is_call(text)
        assert unmarked_reasoning(text) == 0
    assert (_Scan(text, places).spans if places else []) == _Scan(text).spans


@given(st.text(st.characters(exclude_categories=["Co", "Cs"], exclude_characters="<[{【◁#`:")))
def test_a_text_without_marks_is_not_touched(text: str) -> None:
    words = ("analysis", "commentary", "assistantfinal", "citeturn", "to=functions", "action")
    if not any(word in text.lower() for word in words):
        assert cleaned(text).text == text


@given(st.text("ab<|>/[]{}【】†\ue200\n ").filter(lambda code: code.strip()), st.sampled_from(MARKS))
def test_code_is_not_touched(words: str, mark: str) -> None:
    code = f"```\n{words}\n{mark.replace('`', '')}\n```"
    assert code in cleaned(f"Veja:\n{code}\nfim <|im_end|>").text
    inline = f"`{mark.replace('`', '').replace(chr(10), ' ')}`"
    assert inline in cleaned(f"Veja {inline} e <think>hm</think> fim").text


@pytest.mark.parametrize("piece", PIECES)
def test_an_answer_is_read_in_linear_time(piece: str) -> None:
    """Calls are counted, not the time: they grow with the text, and not with its square."""
    half, whole = (_calls_for((piece * 16_000)[:size]) for size in (8_000, 16_000))
    assert whole < 3 * half + 1_000


def _calls_for(text: str) -> int:
    return calls_of(lambda: cleaned(text))
