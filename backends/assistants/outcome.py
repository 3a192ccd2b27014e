"""Outcome of a run that has ended: the answer, another attempt, or a failed turn."""

from __future__ import annotations

from backends.assistants.thread import LastError, Message, Run, TokenCount
from backends.protocol import Answer, ErrorClass, ReplyFailed, RunLost, Usage
from backends.provider.client import cached, count
from backends.provider.errors import redacted
from backends.provider.told_wait import told_wait
from events.details import Detail

_REASONS: dict[str | None, ErrorClass] = {"max_prompt_tokens": "context_too_long", "content_filter": "refused"}


class NothingWritten(ReplyFailed):
    """The run has ended well, but wrote no text."""

    def __init__(self, run: str) -> None:
        super().__init__("malformed_answer", f"run {run} wrote no text")


def answer(run: Run, written: list[Message], assistant: str) -> Answer:
    """The answer in the messages `written` by the run, oldest first. Raises ReplyFailed for a refusal,
    NothingWritten."""
    parts = [part for message in written for part in message.content]
    text = "\n\n".join(part.value for part in parts if part.value).strip()
    if not text:
        refusal = next((part.refusal for part in parts if part.refusal), None)
        if refusal:
            raise ReplyFailed("refused", redacted(refusal, ""))
        raise NothingWritten(run.id)
    return Answer(text=text, model=run.model or assistant, run=run.id, usage=_usage(run))


def silent(run: Run, assistant: str) -> Answer:
    """The answer of a run without a text."""
    return Answer(text="", model=run.model or assistant, run=run.id, usage=_usage(run))


def fruitless(run: Run) -> RunLost | ReplyFailed:
    """The error for a run that ended without a reply: RunLost if another run may give one."""
    match run.status:
        case "failed":
            error = run.last_error or LastError()
            detail = redacted(": ".join(word for word in (error.code, error.message) if word) or "failed", "")
            if "exceeded your current quota" in detail:  # its code is rate_limit_exceeded all the same
                return ReplyFailed("quota_exhausted", detail)
            if error.code == "invalid_prompt":
                return ReplyFailed("refused", detail)
            return RunLost(run.id, detail, _usage(run), run.model or "")
        case "incomplete":
            reason = run.incomplete_details.reason if run.incomplete_details is not None else None
            return ReplyFailed(_REASONS.get(reason, "run_failed"), Detail.INCOMPLETE.said(reason=reason))
        case _:
            return RunLost(run.id, run.status, _usage(run), run.model or "")


def _usage(run: Run) -> Usage:
    """Tokens of all requests of a run together, those with tool outputs too."""
    tokens = run.usage or TokenCount()
    return Usage(count(tokens.prompt_tokens), count(tokens.completion_tokens), cached(tokens.prompt_token_details))


def rest(run: Run) -> float:
    """Seconds to leave the provider alone after this run. After a rate limit: the seconds that it names, else 2."""
    if run.last_error is None or run.last_error.code != "rate_limit_exceeded":
        return 0.0
    told = told_wait(run.last_error.message or "")
    return 2.0 if told is None else told
