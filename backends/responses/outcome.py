"""Outcome of a response that has ended: the answer, tool calls, another attempt, or a failed turn."""

from __future__ import annotations

from collections.abc import Sequence

from backends.protocol import ErrorClass, ReplyFailed, ReplyRequest, RunLost, ToolCall, ToolsWanted, Usage
from backends.provider.answer_parts import arguments_of
from backends.provider.client import cached, count
from backends.provider.errors import redacted
from backends.responses.conversation import function_calls, refusal, words
from backends.responses.wire import Item, Response, TokenCount
from events.details import Detail

_FOR_GOOD: dict[str, ErrorClass] = {
    "insufficient_quota": "quota_exhausted",
    "context_length_exceeded": "context_too_long",
    "content_filter": "refused",
    "content_policy_violation": "refused",
    "invalid_prompt": "refused",
    "bio_policy": "refused",
    "misalignment_policy_violation": "refused",
    "image_content_policy_violation": "refused",
}
"""Codes of failed responses that another attempt would meet again."""


def usage(response: Response | None) -> Usage:
    """Tokens of this one response."""
    tokens = (response.usage if response is not None else None) or TokenCount()
    return Usage(count(tokens.input_tokens), count(tokens.output_tokens), cached(tokens.input_tokens_details))


def completed(response: Response, detail: str, *, again: bool, silent: bool = False) -> Sequence[Item]:
    """The model's outputs. Raises ReplyFailed, or RunLost if another attempt may help, with `detail` of the error;
    `again`: also if the outputs say nothing; `silent`: an answer without a text will do."""
    match response.status:
        case "completed" | None:
            if again and not silent and says_nothing(response.outputs):
                raise RunLost(response.id, Detail.NO_RESPONSE_TEXT.said(), usage(response), response.model or "")
            return response.outputs
        case "incomplete":
            return _cut_short(response, silent=silent)
        case "failed":
            code = (response.error.code if response.error is not None else None) or ""
            if error_class := _FOR_GOOD.get(str(code)):
                raise ReplyFailed(error_class, detail, usage(response), response.model or "")
            raise RunLost(response.id, Detail.RESPONSE_FAILED.said(words=detail), usage(response), response.model or "")
        case status:
            raise RunLost(response.id, status, usage(response), response.model or "")


def says_nothing(outputs: Sequence[Item]) -> bool:
    """True if the model neither spoke nor called nor refused: another response may."""
    return not function_calls(outputs) and not words(outputs) and not refusal(outputs)


def outcome_of(outputs: Sequence[Item], request: ReplyRequest, spent: Usage) -> str | ToolsWanted | None:
    """The reply's text, or the calls that have no output yet; None if all have one. Raises ReplyFailed.

    `spent` is the cost of the response. It is reported with the calls, unless some of them were reported before.
    """
    if calls := function_calls(outputs):
        done = {call.id for call in request.calls}
        wanted = [call for call in calls if call.call_id and call.call_id not in done]
        told = spent if len(wanted) == len(calls) else Usage()
        return ToolsWanted(tuple(_tool_call(call) for call in wanted), told) if wanted else None
    if text := words(outputs):
        return text
    if refused := refusal(outputs):
        raise ReplyFailed("refused", redacted(refused, api_key=""))
    if request.may_be_silent:
        return ""
    raise ReplyFailed("malformed_answer", Detail.NO_RESPONSE_TEXT.said())


def _cut_short(response: Response, *, silent: bool) -> Sequence[Item]:
    """The outputs of an incomplete response, without function calls: half an answer is useful, half a call is not."""
    reason = (response.incomplete_details.reason if response.incomplete_details else None) or "for no reason"
    if reason == "content_filter":
        raise ReplyFailed("refused", Detail.FILTERED.said())
    said = [item for item in response.outputs if item.type != "function_call"]
    is_half_a_call = len(said) < len(response.outputs)
    if not words(said) and (is_half_a_call or not silent):
        raise ReplyFailed("malformed_answer", Detail.CUT_BEFORE_WORDS.said(reason=reason))
    return said


def _tool_call(item: Item) -> ToolCall:
    return ToolCall(id=item.call_id or "", name=str(item.name), arguments=arguments_of(item.arguments))
