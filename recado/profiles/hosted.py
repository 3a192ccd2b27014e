"""The hosted tools that a profile may have: those whose every field is known, so that none carries a key or reaches an
address that the instance's environment does not allow.

Fields: https://platform.openai.com/docs/api-reference/responses/create (`tools`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import msgspec

from events.phrases import Phrase
from events.read_back import read_back

_Word = Annotated[str, msgspec.Meta(max_length=256)]
_Words = Annotated[list[_Word], msgspec.Meta(max_length=100)]
_Number = Annotated[float, msgspec.Meta(ge=0, le=10_000)]


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """A hosted tool, by its `type`."""


class _Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: _Word = ""
    city: _Word | None = None
    country: _Word | None = None
    region: _Word | None = None
    timezone: _Word | None = None


class _Domains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allowed_domains: _Words = []
    blocked_domains: _Words = []


class _WebSearch(_Known, frozen=True, tag="web_search"):
    search_context_size: _Word = ""
    user_location: _Place | None = None
    filters: _Domains | None = None


class _WebSearchPreview(_Known, frozen=True, tag="web_search_preview"):
    search_context_size: _Word = ""
    user_location: _Place | None = None


class _Ranking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ranker: _Word = ""
    score_threshold: _Number = 0


class _FileSearch(_Known, frozen=True, tag="file_search"):
    vector_store_ids: _Words = []
    max_num_results: _Number = 0
    ranking_options: _Ranking | None = None


class _Container(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: _Word
    file_ids: _Words = []


class _CodeInterpreter(_Known, frozen=True, tag="code_interpreter"):
    container: _Container | None = None


class _ImageGeneration(_Known, frozen=True, tag="image_generation"):
    model: _Word = ""
    size: _Word = ""
    quality: _Word = ""


class _RemoteMcp(_Known, frozen=True, tag="mcp"):
    server_label: _Word
    server_url: _Word
    server_description: _Word = ""
    allowed_tools: _Words = []
    require_approval: _Word = ""


_TOOLS = list[_WebSearch | _WebSearchPreview | _FileSearch | _CodeInterpreter | _ImageGeneration | _RemoteMcp]


def hosted_tools_problem(tools: Any, remote: Collection[str]) -> Phrase | None:
    """The reason why a profile may not have these hosted tools, as a clause; None if it may. `remote` are the addresses
    of the remote MCP servers that it may name."""
    try:
        known = msgspec.convert(tools, _TOOLS)
    except (msgspec.ValidationError, RecursionError) as error:
        return Phrase(
            "which a profile may not have (%(error)s): it takes web_search, file_search, code_interpreter, "
            "image_generation and mcp without keys and headers; set others in RECADO_HOSTED_TOOLS",
            error=read_back(str(error)),
        )
    for tool in known:
        if isinstance(tool, _RemoteMcp) and tool.server_url not in remote:
            return Phrase(
                "in which %(value)s is no server that a profile may name: add it, written the same way, to "
                "RECADO_PROFILE_SERVERS of every instance",
                value=repr(tool.server_url[:100]),
            )
    return None
