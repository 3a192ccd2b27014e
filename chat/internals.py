"""Marks of a model's internals, as they are seen in real answers. Tables of patterns; chat.cleaning uses them.

Each pattern is found without regard to case, and bounded, so that an answer is read in linear time.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_NAMES = (
    "think|thinking|antthinking|thoughts?|thought_process|reason|reasoning|rationale|reflection|analysis|scratchpad|cot"
    "|monologue|(?:inner|internal)[_-](?:thoughts?|monologue|reasoning)|chain[_-]of[_-]thought"
)

OPENS = (
    rf"<(?:\w{{1,12}}:)?(?:{_NAMES})(?:[ \t][^<>\n]{{0,100}})?(?<!/)>"
    rf"|<\|(?:{_NAMES}|begin_of_thought|START_THINKING)\|>|\[THINK\]|◁think▷|<\|channel>thought|<unused94>(?:thought)?"
)
CLOSES = (
    rf"<[ \t]?/[ \t]?(?:\w{{1,12}}:)?(?:{_NAMES})[ \t]?>"
    rf"|<\|(?:/(?:{_NAMES})|end_of_thought|END_THINKING)\|>|\[/THINK\]|◁/think▷|<channel\|>|<unused95>"
)
"""Begin and end of reasoning (DeepSeek, Qwen, Magistral, Kimi, Command, Seed, OpenThinker, Gemma, and prompts)."""

CHANNEL = r"<\|channel\|>(?:[^<]|<\|constrain\|>){0,200}<\|message\|>"
"""Head of a harmony message (gpt-oss): `analysis`, `commentary`, `final`."""

BODY_ENDS = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
"""End of a harmony message."""

_ROLES = r"(?:assistant|model|bot|user|human|system|developer|tool|function|observation|ipython|environment)\b"

ROLE = (
    r"(?:<\|(?:im_start|start|start_header_id|header_start|start_of_role|turn)\|>|<start_of_turn>|<\|turn>)"
    rf"[ \t]*(?:{_ROLES})?[ \t]*(?:<\|(?:end_header_id|header_end|end_of_role|im_sep|message)\|>)?"
    rf"|<\|(?:{_ROLES}|(?:chatbot|user|system)_token)\|>|<｜(?:user|assistant|system)｜>|\[\|(?:{_ROLES})\|\]"
    r"|\[INST\]|\[SYSTEM_PROMPT\]|<<SYS>>"
)
"""Begin of a message in a chat template (ChatML, Llama, Gemma, Phi, Granite, DeepSeek, GLM, EXAONE, Mistral)."""

OTHERS = re.compile(
    r"user|human|system|developer|tool|function|observation|ipython|environment|INST|SYS", re.IGNORECASE
)
"""Roles in such a begin of which the words are not the model's."""

PROMPT_ENDS = r"\[/INST\]|\[/SYSTEM_PROMPT\]|<</SYS>>"
"""End of a prompt that the model repeats before its answer."""

ENDS = (
    r"<\|(?:im_end|eot_id|eom_id|eot|end|endoftext|end_of_text|return|eos|END_OF_TURN_TOKEN|endofturn)\|>"
    r"|<end_of_turn>|<turn\|>|<eos>|<end_of_utterance>|<｜end▁of▁sentence｜>|\[\|endofturn\|\]"
)
"""End of the model's message: the rest is made up by a model that ran on."""

TEMPLATE = (
    r"<\|[\w/.:-]{1,40}\|>|<｜[^｜<>\n]{1,40}｜>|\[\|[a-z_]{1,20}\|\]"
    r"|<(?:bos|pad|unk|sep|cls|mask|sop|eop|unused\d{1,4}|extra_id_\d{1,3}|0x[0-9a-f]{2})>|\[gMASK\]"
    r"|\A<s>(?![\s\S]*</s>\s*\S)|</s>(?=\s*\Z)"
    r"|</?(?:final|final_answer|answer|response|assistant_response)[ \t]?>"
    rf"|<(?:{_NAMES})[ \t]?/>|\A\#{{2,3}}[ \t](?:Response|Assistant):"
)
"""Single tokens and tags around an answer. Only the mark is cut."""

_CALL_TAGS = (
    "tool_?calls?|function_?calls?|tool_use|tool_code|tool_response|tool_results?|function_results?|function_response"
    "|invoke|tool_call_begin|tool_invocation|use_mcp_tool|execute_tool"
)

CALLS = (
    rf"<(?:\w{{1,16}}[:_])?(?:{_CALL_TAGS})(?:[ \t][^<>\n]{{0,200}})?>|</?｜DSML｜|<tool[ \t]{{1,5}}name="
    rf"|<\|(?:{_CALL_TAGS}|python_tag|tool_list|action_start|plugin|START_ACTION|tool_calls?_[\w.-]{{1,40}})\|>"
    r"|<\|tool_call>|<function=[^<>\n]{1,100}>|<parameter[= ][^<>\n]{1,100}>"
    r"|\[(?:TOOL_CALLS?|TOOL_RESULTS|AVAILABLE_TOOLS)\]|<｜tool▁[^｜<>\n]{1,40}｜>"
    r"|✿(?:FUNCTION|ARGS|RESULT|RETURN)✿|functools\[\{|\bto=functions\.\w|\bdefault_api\.\w{1,64}\("
    r"|^Action:[ \t]*\S[^\n]{0,100}\n{1,3}Action Input:"
    r"|\{\s{0,50}\"(?:name|function|tool|tool_name|action)\"\s{0,50}:\s{0,50}\"[\w.-]{1,64}\"\s{0,50},"
    r"\s{0,50}\"(?:arguments|parameters|args|input|tool_input|action_input)\"\s{0,50}:"
    r"|\{\s{0,50}\"(?:tool_calls|function_call)\"\s{0,50}:"
    r"|\A\[[a-z_]\w{0,63}\((?:\w{1,64}=[^\n]{0,2000})?\)\]\Z"
    r"|^```(?:tool_code|tool_calls?|tool_use|function_call)\b"
)
"""Begin of a tool call, or of its result, that the model wrote as text."""

CITATIONS = (
    r"【[^【】\n]{0,100}†[^【】\n]{0,200}】|【\d{1,4}:\d{1,4}】|\ue200[^\ue200\ue201\n]{0,500}\ue201"
    r"|\[\d{1,4}(?::\d{1,4})?†[^\[\]\n]{0,200}\]|\[oai_citation:[^\[\]\n]{0,200}\](?:\([^()\s]{0,500}\))?"
    r"|\[?\bturn\d{1,4}(?:search|file|news|image|view|fetch|product|finance|academia|reddit|maps)\d{1,4}\b\]?"
    r"|:contentReference\[oaicite:\d{1,4}\](?:\{index=\d{1,4}\})?|\[oaicite:[^\[\]\n]{0,50}\]"
    r"|\[citation:[\d, ]{1,40}\]|\[\^\d{1,4}\^\]|\b(?:file)?cite(?:turn\d{1,4}[a-z]{1,20}\d{1,4})+"
    r"|</?cite(?:[ \t][^<>\n]{0,200})?>|</?co(?::[ \t]?[\d, ]{1,40})?>|<grok:render[^<>]{0,300}>"
    r"|</?(?:argument|grok:render)(?:[ \t][^<>\n]{0,100})?>"
)
"""Marks of a source (OpenAI's file search and web search, DeepSeek, Bing, Claude, Command)."""

PRIVATE_USE = "[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]+"

_DEAD = r"(?:sandbox:|attachment:|file-service:|computer:|file:///|/mnt/data/)"

LINKS = (
    rf"!?\[(?P<said>[^\[\]\n]{{0,300}})\]\(<?{_DEAD}[^()\n]{{0,1000}}\)"
    r"|<?(?<![\w/])(?:sandbox:/|file-service:/|computer:/|/mnt/data/)[^\s<>()\[\]]{1,500}>?"
)
"""Links to files that only the model's machine has. The words of a link stay."""

_CALL_KEYS = (
    {"arguments", "parameters", "args", "input", "tool_input", "action_input"},
    {"name", "function", "tool", "tool_name", "action"},
)
_WRITTEN_CALL = re.compile(r"(?:print\()?[a-z_][\w.]{0,64}\(\{[\s\S]*\}\)\)?")


_UNMARKED = re.compile(r"\s*(?:assistant)?(?:analysis|commentary|final)(?=\S)")


def unmarked_reasoning(text: str) -> int:
    """The length of reasoning at the start whose harmony tokens a server left out (`analysisWe …assistantfinal…`)."""
    if text.startswith("Thinking...") and (end := text.find("...done thinking.")) >= 0:
        return end + len("...done thinking.")
    if not _UNMARKED.match(text):
        return 0
    final = text.rfind("assistantfinal")
    if final >= 0:
        return final + len("assistantfinal")
    return len(text) if re.match(r"\s*analysis(?=[A-Z])", text) else 0


def is_call(text: str) -> bool:
    """True if the whole text is the JSON of one tool call or of several."""
    text = text.strip()
    if text.endswith(")") and _WRITTEN_CALL.fullmatch(text):
        return True
    if not (text.startswith(("{", "[")) and text.endswith(("}", "]"))):
        return False
    try:
        value: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False
    calls = value if isinstance(value, list) else [value]
    return bool(calls) and all(map(_is_one, calls))


def _is_one(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    if value.keys() & {"tool_calls", "function_call"} or value.get("type") == "function":
        return True
    return all(value.keys() & keys for keys in _CALL_KEYS) and len(value) <= 4
