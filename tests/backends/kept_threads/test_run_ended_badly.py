"""The run ended without a reply: the reason decides whether another attempt is made."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backends.protocol import ErrorClass, ReplyFailed, RunLost, ThreadBackend
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider, Provider
from tests.backends.kept_threads.test_answered import started

QUOTA = "You exceeded your current quota, please check your plan and billing details."

Case = tuple[type[Provider], dict[str, Any], str]
PASSING: list[Case] = [
    (AssistantsProvider, {"ending": "failed", "code": "server_error"}, "server_error: Sorry"),
    (AssistantsProvider, {"ending": "failed", "code": None, "message": None}, "is lost: failed"),
    (AssistantsProvider, {"ending": "expired"}, "expired"),
    (AgentsProvider, {"ending": "failed", "code": "server_error"}, "server_error: The model service"),
    *(
        (one, plan, detail)
        for one in (AssistantsProvider, AgentsProvider)
        for plan, detail in [
            ({"ending": "failed", "code": "rate_limit_exceeded", "message": "Try later."}, "rate_limit_exceeded"),
            ({"ending": "failed", "code": "new_in_2027", "message": "?"}, "new_in_2027"),
            ({"ending": "cancelled"}, "cancelled"),
        ]
    ),
]
LASTING: list[Case] = [
    (
        AssistantsProvider,
        {"ending": "failed", "code": "rate_limit_exceeded", "message": QUOTA},
        "quota_exhausted",
    ),
    (AssistantsProvider, {"ending": "failed", "code": "invalid_prompt", "message": "no"}, "refused"),
    (AssistantsProvider, {"ending": "incomplete", "reason": "max_prompt_tokens"}, "context_too_long"),
    (AssistantsProvider, {"ending": "incomplete", "reason": "max_completion_tokens", "says": ""}, "run_failed"),
    (AssistantsProvider, {"ending": "incomplete", "reason": "content_filter"}, "refused"),
    *(
        (AgentsProvider, {"ending": "failed", "code": code}, error_class)
        for code, error_class in [
            ("credit_balance_exhausted", "quota_exhausted"),
            ("project_spend_limit_exceeded", "quota_exhausted"),
            ("cyber_policy", "refused"),
            ("authentication_error", "bad_key"),
            ("invalid_request", "bad_request"),
            ("resource_not_found", "unknown_model"),
            ("max_output_tokens", "run_failed"),
            ("context_length_exceeded", "context_too_long"),
        ]
    ),
]


@pytest.mark.parametrize(("provider", "plan", "detail"), PASSING, indirect=["provider"])
async def test_another_attempt_may_do_better(
    provider: Provider, backend: ThreadBackend, plan: dict[str, Any], detail: str
) -> None:
    """The run is lost, with the reason."""
    request, run = await started(provider, backend, **plan)
    with pytest.raises(RunLost, match=detail) as lost:
        await backend.await_run(request, run)
    assert lost.value.run == run


@pytest.mark.parametrize(("provider", "plan", "error_class"), LASTING, indirect=["provider"])
async def test_another_attempt_would_do_no_better(
    provider: Provider, backend: ThreadBackend, plan: dict[str, Any], error_class: ErrorClass
) -> None:
    """The turn fails, with the class of the reason. The last attempt, since a full thread is replaced before."""
    request, run = await started(provider, backend, **plan)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, attempt=3), run)
    assert failed.value.error_class == error_class


async def test_no_secret_of_the_provider_is_told_on(provider: Provider, backend: ThreadBackend) -> None:
    """The detail goes into the log."""
    message = "Incorrect API key provided: sk-live-0123456789 for 5511999990001"
    request, run = await started(provider, backend, ending="failed", message=message)
    with pytest.raises(RunLost) as lost:
        await backend.await_run(request, run)
    assert "sk-live" not in lost.value.detail
    assert "5511999990001" not in lost.value.detail
