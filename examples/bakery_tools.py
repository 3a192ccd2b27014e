"""Tools for the model: every public function here is one. Start recado with RECADO_TOOLS=bakery_tools.

The signature becomes the schema, the docstring the description. A parameter named `chat` gets the JID of the chat.
"""

from typing import Annotated, Literal

from msgspec import Meta

PRICES = {"rye": 4.20, "wheat": 3.10, "spelt": 5.00}


def price(bread: Literal["rye", "wheat", "spelt"], loaves: Annotated[int, Meta(ge=1, le=50)] = 1) -> str:
    """The price of some loaves of bread, in euros."""
    return f"{PRICES[bread] * loaves:.2f}"


# Asking twice does no harm, so the call is repeated after a crash. Without this line it would not be.
price.safe_to_repeat = True


def reserve(chat: str, bread: Literal["rye", "wheat", "spelt"], loaves: Annotated[int, Meta(ge=1, le=50)]) -> str:
    """Put loaves aside for the person who writes, until the evening."""
    return f"{loaves} {bread} put aside for {chat.partition('@')[0]}"
