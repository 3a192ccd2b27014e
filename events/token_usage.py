"""The cost of a request in tokens."""

from __future__ import annotations

import msgspec

from events.inbound import Integer


class TokenUsage(msgspec.Struct, frozen=True, gc=False):
    """Tokens as the provider counted them."""

    input_tokens: Integer = 0
    output_tokens: Integer = 0

    def __add__(self, more: TokenUsage) -> TokenUsage:
        return TokenUsage(self.input_tokens + more.input_tokens, self.output_tokens + more.output_tokens)
