"""The wait that an error names in its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.provider.told_wait import LONGEST, told_wait

OPENAI = "Rate limit reached for gpt-6 in organization org-x on tokens per min (TPM): Limit 30000. Please {}"
AZURE = "Requests to the Creates a completion Operation have exceeded call rate limit of your current tier. Please {}"
GEMINI = (
    '{"error": {"code": 429, "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "%s"}]}}'
)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (OPENAI.format("try again in 20s. Visit https://platform.openai.com/account/rate-limits"), 20),
        (OPENAI.format("try again in 1m30s."), 90),
        (OPENAI.format("try again in 420ms."), 0.42),
        (OPENAI.format("try again in 6m0s."), 360),
        (OPENAI.format("try again in 1h12m0.5s."), 4320.5),
        (OPENAI.format("try again in 50.597142857s. Visit https://console.groq.com/docs"), 50.597142857),
        (OPENAI.format("try again in 9m38.016s. Need more tokens?"), 578.016),
        (AZURE.format("retry after 20 seconds. Please go here: https://aka.ms/oai/quotaincrease"), 20),
        (AZURE.format("retry after 1 second."), 1),
        (AZURE.format("retry after 86400 seconds."), 86400),
        (AZURE.format("try again after 2 minutes and 5 seconds."), 125),
        ("You exceeded your quota. Please retry in 58.934310785s.", 58.934310785),
        (GEMINI % "34s", 34),
        (GEMINI % "34.074824224s", 34.074824224),
        ('{"error": {"message": "{\\n \\"retryDelay\\": \\"7s\\"}"}}', 7),
        ('{"retry_after": 12.5}', 12.5),
        ('{"retryAfterMs":1500}', 1.5),
        ("Too many requests, please wait 30 seconds.", 30),
        ("Please wait for 1 minute before you retry", 60),
        ("Please try again in 3 days", LONGEST),
        ("Please try again in 999999999h", LONGEST),
    ],
)
def test_it_is_read(error: str, seconds: float) -> None:
    assert told_wait(error) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "error",
    [
        "",
        "Resource exhausted. Please try again later.",
        "Rate limit is 20s old; Limit 3, Used 3, Requested 1.",
        "Please try again in a moment",
        "Please try again in 20 sandwiches",
        "Please retry after 20",
        "You may send 3 requests in 1m30s",
        "Please try again in 99999999999999999999s",
        '{"retry_after": "soon"}',
        '{"retryDelay": {"seconds": 3}}',
    ],
)
def test_no_time_is_named(error: str) -> None:
    assert told_wait(error) is None


PIECES = ["try again in ", "retry after ", "9", "1.", "m", "s", "h", " and ", "ms", '"retryDelay": "']


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_words_are_a_wait_or_none(error: str) -> None:
    told = told_wait(error)
    assert told is None or 0 <= told <= LONGEST
