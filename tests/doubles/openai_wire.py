"""Bodies as api.openai.com writes them: the error envelope, and the errors that every endpoint knows."""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]


class WireError(NamedTuple):
    """An answer that is an error: its HTTP status and its body."""

    status: int
    body: Json


def error(status: int, message: str, kind: str, *, param: str | None = None, code: str | None = None) -> WireError:
    return WireError(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def no_key() -> WireError:
    return error(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY).",
        "invalid_request_error",
    )


def bad_key(key: str) -> WireError:
    masked = f"{key[:5]}{'*' * 8}{key[-4:]}"
    return error(
        401,
        f"Incorrect API key provided: {masked}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        "invalid_request_error",
        code="invalid_api_key",
    )


def not_json() -> WireError:
    return error(400, "We could not parse the JSON body of your request.", "invalid_request_error")


def invalid(param: str, reason: str) -> WireError:
    return error(400, f"Invalid value for '{param}': {reason}.", "invalid_request_error", param=param)


def unknown_parameter(param: str) -> WireError:
    return error(400, f"Unknown parameter: '{param}'.", "invalid_request_error", param=param, code="unknown_parameter")


def unknown_model(model: str) -> WireError:
    return error(
        404,
        f"The model `{model}` does not exist or you do not have access to it.",
        "invalid_request_error",
        code="model_not_found",
    )


def unknown_url(method: str, path: str) -> WireError:
    return error(404, f"Invalid URL ({method} {path})", "invalid_request_error")


def rate_limited(model: str) -> WireError:
    return error(
        429,
        f"Rate limit reached for {model} in organization org-double on requests per min (RPM): Limit 3, Used 3, "
        "Requested 1. Please try again in 420ms. Visit https://platform.openai.com/account/rate-limits to learn more.",
        "requests",
        code="rate_limit_exceeded",
    )


def no_quota() -> WireError:
    return error(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        code="insufficient_quota",
    )


def server_error(status: int) -> WireError:
    if status == 503:
        return error(
            503,
            "The engine is currently overloaded, please try again later.",
            "service_unavailable_error",
            code="server_is_overloaded",
        )
    return error(status, "The server had an error while processing your request. Sorry about that!", "server_error")


def flagged_prompt() -> WireError:
    return error(
        400,
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        "invalid_request_error",
        code="invalid_prompt",
    )


def context_too_long(messages: int) -> WireError:
    return error(
        400,
        f"This model's maximum context length is 8192 tokens. However, your messages resulted in {messages * 1000} "
        "tokens. Please reduce the length of the messages.",
        "invalid_request_error",
        param="messages",
        code="context_length_exceeded",
    )


def context_too_long_at_llama_cpp(messages: int) -> WireError:
    """What llama.cpp's server answers (github.com/ggml-org/llama.cpp, pull request 15780): `code` is a number there."""
    body = {
        "code": 400,
        "message": "the request exceeds the available context size. try increasing the context size or enable "
        "context shift",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": messages * 1000,
        "n_ctx": 8192,
    }
    return WireError(400, {"error": body})
