"""Tools that say more than text: start recado with RECADO_TOOLS=menu_tools.

`ask_size` asks with buttons. The size that the person taps, or types, reaches `reserve` by its id in `refers_to`.
"""

from typing import Any

from recado.tools import Part, Result, choices, document, location

SIZES = {"small": "Small, 500 g", "large": "Large, 1 kg"}


def menu() -> Part:
    """Send the person the menu, as a PDF."""
    return document("https://bakery.example/menu.pdf", filename="menu.pdf", caption="Our menu")


def where() -> Part:
    """Send the person the bakery's place on the map."""
    return location(-23.5505, -46.6333, name="Bakery", address="Rua 1, São Paulo")


def ask_size(bread: str) -> Result:
    """Ask the person for the size of a loaf, with buttons. Answer with the question alone."""
    return Result(f"The person is shown the sizes of {bread}.", send=[choices(None, SIZES)])


def reserve(chat: str, bread: str, refers_to: list[dict[str, Any]]) -> str:
    """Put a loaf aside for the person, once they have chosen a size."""
    chosen = [one["choice"]["id"] for one in refers_to if one.get("choice", {}).get("id") in SIZES]
    if not chosen:
        return "No size was chosen: ask for it first."
    return f"{SIZES[chosen[-1]]} of {bread} put aside for {chat.partition('@')[0]}"
