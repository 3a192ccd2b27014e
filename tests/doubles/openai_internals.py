"""Answers with internals, as real servers give them in every API; `{}` is the answer that the person should get."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.doubles.openai_wire import Json

ANSWER = "We have bread."

MARKED = {
    "reasoning": "<think>They ask for {}</think>\n\n{}",
    "only its end": "They ask for bread.\n</think>\n\n{}",
    "harmony": "<|channel|>analysis<|message|>Bread?<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "harmony without tokens": "analysisThey ask for bread.assistantfinal{}",
    "template": "<|im_start|>assistant\n{}<|im_end|>\n<|im_start|>user\nAnd cake?<|im_end|>",
    "file search": "{}【4:0†menu.pdf】",
    "web search": "{} \ue200cite\ue202turn0search1\ue201",
    "wrapper": "<final>{}</final>",
}
"""By the kind of internals. What is cut is never the answer."""

WORTHLESS = {
    "unclosed reasoning": "<think>They ask for bread, so",
    "tool call": '<tool_call>{"name": "stock", "arguments": {}}</tool_call>',
    "tool call as JSON": '{"name": "stock", "arguments": {"item": "bread"}}',
    "only tokens": "<|im_end|>",
}
"""By the reason. None of these holds an answer."""


def one_by_one(texts: Sequence[str]) -> Callable[[list[Json]], str]:
    """A double's `reply` that says these texts in turn, and the last one for ever."""
    left = list(texts)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
