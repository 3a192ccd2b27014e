"""Refusals of a part of a request, in the words in which servers make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from backends.provider.problem import Problem

JsonObject = dict[str, Any]

REFUSALS = frozenset({400, 404, 405, 415, 422, 500, 501})
"""Statuses with which servers refuse a part of a request; llama.cpp does it with 500, OpenRouter with 404."""

DROP, RENAME = "drop:", "rename:"
"""Beginnings of quirks that name a field of the request: `drop:store`, `rename:max_tokens:max_completion_tokens`."""

NEVER_DROPPED = frozenset(
    {"model", "messages", "input", "instructions", "conversation", "tools", "assistant_id", "role", "content"}
)


class Kind(NamedTuple):
    """A kind of refusal.

    - `says`: the quirk in words for a person.
    - `words`: what servers say, in small letters.
    - `concerns`: whether a request has what would be refused.
    - `kept`: remembered; else the one request alone is mended.
    """

    says: str
    words: re.Pattern[str]
    concerns: Callable[[JsonObject], bool]
    kept: bool = True


def _messages(body: JsonObject) -> list[JsonObject]:
    listed = body.get("messages", body.get("input"))
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [body]


def _has_tools(body: JsonObject) -> bool:
    return bool(body.get("tools"))


def _has_calls(body: JsonObject) -> bool:
    return any("tool_calls" in one for one in _messages(body))


def _has_system(body: JsonObject) -> bool:
    return any(one.get("role") in ("system", "developer") for one in _messages(body))


def _has_late_system(body: JsonObject) -> bool:
    return any(one.get("role") in ("system", "developer") for one in _messages(body)[1:])


def _begins_with_assistant(body: JsonObject) -> bool:
    return next((one.get("role") == "assistant" for one in _messages(body) if one.get("role") != "system"), False)


def _has_files(body: JsonObject) -> bool:
    return any(is_file(part) for one in _messages(body) for part in _parts(one))


def _parts(message: JsonObject) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def is_file(part: object) -> bool:
    """True if a part of a message's content is a picture, a document or a sound."""
    return isinstance(part, dict) and part.get("type") not in ("text", "input_text")


_NO = (
    r"(?:(?:is|are|was|were)?\s?(?:n't|n’t|not)\s(?:currently\s|yet\s)?(?:be\s)?"
    r"(?:supported|enabled|allowed|permitted|available|accepted)|unsupported|disabled)"
)
_DOES_NOT = r"(?:does|do|did|can)\s?(?:n't|n’t|not)\s(?:currently\s|yet\s)?(?:support|accept|allow|take|have)"
_TOOLS = r"(?:tools?|functions?)(?:[ _-](?:use|usage|calls?|calling|choice))?"
_SEES = (
    r"(?:images?|pictures?|photos?|vision|visual|audio|sounds?|files?|documents?|multi-?modal"
    r"|image_url|input_image|input_audio|input_file)"
)
_SCHEMA = (
    r"(?:\$defs|\$ref|\$schema|definitions|any_?of|one_?of|all_?of|additional_?properties|default|const|pattern|format"
    r"|title|examples?|property_?names|pattern_?properties|exclusive_?minimum|exclusive_?maximum|min_?length|max_?length"
    r"|minimum|maximum|min_?items|max_?items|unique_?items|nullable|null|type)"
)

_THIS_FILE = re.compile(
    r"format|mime|image/|audio/|png|jpe?g|webp|gif|heic|svg|size|large|small|dimension|resolution|pixel|decod|corrupt"
    r"|download|fetch|base64|polic|filter|safety|limit|too many|animated|this image|your image|the image"
)
"""Words about one file, which say nothing about the next one."""

_NEAR = 80
"""Characters around a refusal in which such words count."""

KINDS: Mapping[str, Kind] = {
    "no_tools": Kind(
        "takes no tools",
        re.compile(
            rf"{_DOES_NOT}\s(?:the\suse\sof\s|any\s|native\s)?['\"`]?{_TOOLS}\b"
            rf"|(?<!parallel )(?<!multiple )\b{_TOOLS}['\"`]?\s(?:\w+\s){{0,2}}?{_NO}"
            rf"|(?:unsupported|unknown|unrecognized)[^.'\"`]{{0,30}}['\"`]tools['\"`]|support tool use"
            r"|requires --enable-auto-tool-choice|tools param requires --jinja|no tool support|without tool support"
        ),
        _has_tools,
    ),
    "plain_schemas": Kind(
        "takes plain schemas of tools alone",
        re.compile(
            rf"(?:unknown|unsupported|unrecognized|unexpected|invalid|forbidden)[^.'\"`]{{0,40}}['\"`]{_SCHEMA}['\"`]"
            rf"|['\"`]{_SCHEMA}['\"`]?[^.]{{0,60}}(?:{_NO}|cannot find field|only allowed|must not|is invalid)"
            r"|invalid schema|(?:json |function |tool |parameters? )schema[^.]{0,60}"
            rf"(?:{_NO}|invalid|not valid|rejected)|property is not defined|should be non-empty for object type"
            r"|only supported for (?:string|object|array)"
            r"|failed to (?:parse|convert|compile)[^.]{0,40}(?:schema|grammar)"
        ),
        _has_tools,
    ),
    "one_call": Kind(
        "takes one tool call in a message",
        re.compile(
            rf"(?:single|one) tool[- ]calls? (?:at once|at a time|per message)|(?:parallel|multiple) {_TOOLS}\s{_NO}"
        ),
        _has_calls,
    ),
    "short_ids": Kind(
        "takes ids of tool calls with nine letters and digits alone",
        re.compile(r"tool[ _]call[ _]ids?\b[^.]{0,120}\blength (?:of )?9"),
        _has_calls,
    ),
    "late_system": Kind(
        "takes a system message at the beginning alone",
        re.compile(
            r"system (?:message|role|prompt)s? (?:must|should|can|may) (?:only )?(?:be|come|appear)[^.]{0,30}"
            r"(?:beginning|first|start)|only the first message can[^.]{0,20}system|(?:multiple|several|second|more than"
            rf" one) system (?:message|role|prompt)s?[^.]{{0,20}}{_NO}|unexpected role '?system'? after"
        ),
        _has_late_system,
    ),
    "user_first": Kind(
        "takes conversations that a user begins alone",
        re.compile(
            r"roles must alternate"
            r"|(?:first|initial) (?:message|role|turn|content)[^.]{0,40}(?:must|should)[^.]{0,30}\buser"
            r"|conversation must start with a user|should start with[^.]{0,20}user"
        ),
        _begins_with_assistant,
    ),
    "no_system": Kind(
        "takes no system message",
        re.compile(
            rf"(?:system|developer)['\"`]? (?:role|message|prompt|instruction)s?[^.]{{0,20}}?\s?{_NO}"
            rf"|{_DOES_NOT}\s(?:the\s|a\s)?['\"`]?(?:system|developer)\b|roles must alternate"
            r"|only (?:the )?user(?:,| and) (?:assistant|model)[^.]{0,30} (?:are|is) (?:supported|allowed)"
            r"|(?:unexpected|invalid|unknown|unsupported)(?: message)? role:? ['\"`]?(?:system|developer)"
            r"|['\"`]system['\"`] is not one of"
        ),
        _has_system,
    ),
    "no_files": Kind(
        "takes no pictures, documents or sounds",
        re.compile(
            rf"\b{_SEES}['\"`]?\s(?:\w+\s){{0,2}}?{_NO}|{_DOES_NOT}\s(?:\w+\s){{0,2}}?['\"`]?{_SEES}\b"
            rf"|support (?:image|audio|file|vision) ?(?:input|understanding)?|not a (?:multi-?modal|vision)"
            rf"|(?:unknown|unsupported|invalid)[^.'\"`]{{0,40}}(?:variant|part|type)[^.]{{0,20}}['\"`]?{_SEES}\b"
            r"|content['\"`]?(?:\s?:)? (?:value )?must be a string|content[^;]{0,40}should be a valid string"
            r"|at most 0 images?|mmproj"
        ),
        _has_files,
    ),
    "no_extras": Kind(
        "takes back no fields of its own messages",
        re.compile(
            r"(?:unsupported|unknown|unrecognized|unexpected|extra)[^;]{0,60}"
            r"\b(?:reasoning\w*|extra_content|thinking\w*|refusal|annotations|audio|function_call|provider_\w+)\b"
            r"|\b(?:reasoning\w*|extra_content|thinking\w*|refusal|annotations|audio|function_call|provider_\w+)['\"`]?"
            rf"[^;]{{0,40}}(?:{_NO}|extra inputs)"
        ),
        _has_calls,
    ),
    "refused_files": Kind(
        "did not take these files",
        re.compile(rf"\b{_SEES}\b|mmproj|base64|mime|media"),
        _has_files,
        kept=False,
    ),
}
"""By the quirk's name, in the order in which they are tried."""

_FIELD = re.compile(
    r"(?:unsupported|unknown|unrecognized|unexpected|extra|additional)\s[^'\"`.:]{0,40}:?\s?['\"`](\w{1,60})['\"`]"
    rf"|['\"`](\w{{1,60}})['\"`][^'\"`.]{{0,30}}(?:{_NO}|{_DOES_NOT}|only allowed)"
    r"|(?:unrecognized|unknown) (?:request )?arguments? supplied: (\w{1,60})"
    r"|\bbody[.:](\w{1,60}): extra (?:inputs|fields)|\b(\w{1,60}): extra (?:inputs|fields)"
)
_INSTEAD = re.compile(r"use ['\"`](\w{1,60})['\"`] instead")
_UNSUPPORTED = re.compile(r"unsupported|unknown|unrecognized|extra|not (?:supported|allowed|permitted)")


def quirk_in(problem: Problem, body: JsonObject, known: Collection[str]) -> str | None:
    """The quirk that the server's words tell of, which `body` still offends; None: they tell of none that is new."""
    if problem.status not in REFUSALS or problem.error_class == "context_too_long":
        return None
    told, quoted = _folded(problem.message), _Quoted(body)
    for name, kind in KINDS.items():
        if name in known or not kind.concerns(body) or (match := kind.words.search(told)) is None:
            continue
        if name == "no_files" and _THIS_FILE.search(told, max(0, match.start() - _NEAR), match.end() + _NEAR):
            continue
        # The words may be quoted from the conversation. A mended request that is not remembered does no harm.
        if not kind.kept or match[0] not in quoted:
            return name
    if (field := _field(problem, told, body, known, quoted)) is not None:
        return field
    # A server that refuses a request with a file may mean the file, whatever its words.
    any_file = problem.status in (400, 415, 422) and "refused_files" not in known and _has_files(body)
    return "refused_files" if any_file else None


def _field(problem: Problem, told: str, body: JsonObject, known: Collection[str], quoted: _Quoted) -> str | None:
    """The quirk of a field of the request that the server does not know."""
    matches = [match for match in _FIELD.finditer(told) if match[0] not in quoted]
    named = [next(filter(None, match.groups()), "") for match in matches]
    if problem.param and _UNSUPPORTED.search(f"{told} {problem.code} {problem.type}".lower()):
        named.insert(0, problem.param.lower())
    for field in named:
        if field not in body or field in NEVER_DROPPED:
            continue
        instead = _INSTEAD.search(told)
        name = f"{RENAME}{field}:{instead[1]}" if instead and instead[1] not in body else f"{DROP}{field}"
        if name not in known:
            return name
    return None


class _Quoted:
    """The words of a request, which a server may quote in its error; read once they are needed."""

    def __init__(self, body: JsonObject) -> None:
        self._body = body
        self._words: str | None = None

    def __contains__(self, words: str) -> bool:
        if self._words is None:
            self._words = _folded(" \n ".join(_said(self._body)))
        return words in self._words


def _folded(text: str) -> str:
    """`text` in a form for search: small letters, one blank for any, no backslashes of JSON."""
    return " ".join(text.replace("\\n", " ").replace("\\", "").lower().split())


def _said(value: Any, field: str = "") -> Iterator[str]:
    """The words of a request that a server may quote; files are no words."""
    match value:
        case str() if field not in ("image_url", "file_data", "url", "data"):
            yield value
        case list():
            for one in value:
                yield from _said(one, field)
        case dict():
            for name, one in value.items():
                yield from _said(one, name)
