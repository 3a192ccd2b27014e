"""The cost of requests to a model."""

from __future__ import annotations

import msgspec

from events.inbound import Integer


class TokenUsage(msgspec.Struct, frozen=True, gc=False):
    """Tokens as the provider counted them.

    - `cached_tokens`: those of `input_tokens` that the provider had in its cache; absent: none.
    - `seconds`: of speech, where the provider counts that; absent: it does not.
    """

    input_tokens: Integer = 0
    output_tokens: Integer = 0
    cached_tokens: Integer | msgspec.UnsetType = msgspec.UNSET
    seconds: Integer | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, input_tokens: int, output_tokens: int, cached_tokens: int, seconds: int) -> TokenUsage:
        """The usage with these numbers; a 0 of the last two is left out."""
        return cls(input_tokens, output_tokens, cached_tokens or msgspec.UNSET, seconds or msgspec.UNSET)

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """All four numbers, in the order of the fields."""
        return self.input_tokens, self.output_tokens, self.cached_tokens or 0, self.seconds or 0

    def __add__(self, more: TokenUsage) -> TokenUsage:
        return TokenUsage(
            self.input_tokens + more.input_tokens,
            self.output_tokens + more.output_tokens,
            (self.cached_tokens or 0) + (more.cached_tokens or 0) or msgspec.UNSET,
            (self.seconds or 0) + (more.seconds or 0) or msgspec.UNSET,
        )

    def __sub__(self, less: TokenUsage) -> TokenUsage:
        return TokenUsage.of(*[max(one - other, 0) for one, other in zip(self.numbers, less.numbers, strict=True)])


NO_TOKENS = TokenUsage()
"""The default of an event's usage. An event leaves out this very object, but no other one that equals it."""

MOST_TOKENS = 2**40
"""Most tokens that one request is believed to have cost."""


class Tally:
    """The tokens of a model's requests as they are counted, also of those that failed then.

    - `model`: empty while nothing is counted.
    - `tokens`: of input.
    """

    def __init__(self) -> None:
        self.model, self.tokens = "", 0

    def add(self, model: str, tokens: int) -> None:
        """Count the tokens of a request to `model`."""
        if tokens > 0:
            self.model, self.tokens = model, min(self.tokens + tokens, MOST_TOKENS)

    @property
    def usage(self) -> TokenUsage:
        return TokenUsage(self.tokens)
