"""Errors in all the forms that servers give them."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backends.protocol import ErrorClass
from backends.provider.client import Wire
from backends.provider.errors import redacted
from backends.provider.problem import LONGEST, Problem, problem_of, problem_within


@pytest.mark.parametrize(
    ("body", "error_class"),
    [
        ({"error": {"message": "Provider returned error", "code": 429}}, "rate_limited"),
        ({"error": {"message": "slow down", "code": "429"}, "choices": None}, "rate_limited"),
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limited"),
        ({"error": {"message": "x", "status": "RESOURCE_EXHAUSTED"}}, "rate_limited"),
        ({"error": {"message": "Rate limit reached"}}, "rate_limited"),
        ({"error": {"message": '{"error": {"code": 503, "message": "x"}}', "code": None}}, "provider_error"),
        ([{"error": {"code": 503, "message": "x"}}], "provider_error"),
        ({"error": "the model is loading"}, "provider_error"),
        ({"error": True, "message": "boom"}, "provider_error"),
        ({"object": "error", "message": "maximum context length is 2048", "code": 400}, "context_too_long"),
        ({"error": {"message": "insufficient balance", "code": 402}}, "quota_exhausted"),
        ({"error": {"message": "x", "code": "insufficient_quota"}}, "quota_exhausted"),
        ({"error": {"message": "bad key", "code": 401}}, "bad_key"),
        ({"error": {"message": "no such model", "code": 404}}, "unknown_model"),
        ({"error": {"message": "filtered", "code": "content_filter", "status": 400}}, "refused"),
        ({"error": {"message": "odd field", "code": 400}}, "bad_request"),
        ({"error": {"message": "x", "type": "9" * 5000, "code": "\u00b2"}}, "provider_error"),
        ({"error": {"message": "x", "code": "\u0664\u0660\u0664"}}, "provider_error"),
    ],
)
def test_an_error_in_an_answer_of_200_has_its_class(body: Any, error_class: ErrorClass) -> None:
    """By the code inside, as a number, in digits or in words; by its words; else it may pass."""
    found = problem_within(msgspec.json.encode(body))
    assert found is not None
    assert found.error_class == error_class


@pytest.mark.parametrize(
    ("body", "error_class"),
    [
        (b"<html><head><title>502 Bad Gateway</title></head>", "provider_error"),
        (b"\n<!doctype html><h1>Error 429</h1>", "rate_limited"),
        (b'data: {"choices": []}\n\ndata: {"error": {"code": 502}}\n\ndata: [DONE]', "provider_error"),
    ],
)
def test_a_page_or_a_stream_with_an_error(body: bytes, error_class: ErrorClass) -> None:
    """A proxy's page has its code in its headline."""
    found = problem_within(body)
    assert found is not None
    assert found.error_class == error_class


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"null",
        b"<html><body>It works! 502</body></html>",
        b'{"choices": [{"message": {"content": "error 500"}}], "error": null}',
        b"error 500",
        b"[" * 100_000,
    ],
)
def test_an_answer_without_an_error(body: bytes) -> None:
    assert problem_within(body) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'[{"error": {"message": "a list"}}]', "a list"),
        (b'"a text"', "a text"),
        (b"no JSON", "no JSON"),
        (
            b'{"detail": [{"loc": ["body", "store"], "msg": "Extra inputs", "input": "SECRET"}]}',
            "body.store: Extra inputs",
        ),
        (b'{"message": "bare"}', "bare"),
    ],
)
def test_the_words_of_a_refusal(body: bytes, message: str) -> None:
    """Of a validator's list the values that it quotes are left out."""
    assert problem_of(400, body).message == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "status", "type", "detail", "loc", "msg", "metadata", "raw"]),
            inner,
        )
    ),
)


@given(body=st.binary() | JSON.map(msgspec.json.encode), status=st.integers(400, 599))
@example(b'{"error": {"code": 1e400}}', 400)
@example(b'{"detail": [{"loc": [[]], "msg": {}}]}', 422)
def test_any_bytes_are_read(body: bytes, status: int) -> None:
    """Whatever a server says is short, and has a class."""
    for found in (problem_of(status, body), problem_within(body)):
        if found is not None:
            assert len(found.message) <= LONGEST
            assert found.error_class in get_args(ErrorClass)


def test_a_short_key_blacks_out_nothing() -> None:
    """Local servers are given keys of a letter; only what is long enough to be a secret is cut out."""
    assert redacted("a bad key: a-long-secret", "a") == "a bad key: a-long-secret"
    assert redacted("a bad key: a-long-secret", "a-long-secret") == "a bad key: [key]"
    wire = Wire("x", "http://127.0.0.1:9/v1")
    assert wire.refused(Problem(500, "the next x")).detail.endswith("the next x")
