"""Markdown, as models write it, to what WhatsApp shows: `*bold*`, `_italic_`, `~strike~`, code, lists, quotes.

Pure. What WhatsApp has no form for becomes plain lines: headings are bold, links are their text with the address behind
it, tables are lines with bars. Source: https://faq.whatsapp.com/539178204879377 (how to format messages).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

CODE = "```"

DEEPEST = 50
"""Marks within each other; each takes a few frames of Python's stack."""


MOST_SOUGHT = 50_000
"""Steps in which the ends of links are sought. Each bracket that is not closed takes one for every mark after it."""


class TooDeep(ValueError):
    """The text has more marks within each other than are formatted."""


class TooMany(ValueError):
    """The text has more brackets than are looked at."""


class _Inline(ParserInline):
    """Counts the steps in which the ends of links are sought. Raises TooMany."""

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - the library's
        state.env["sought"] = state.env.get("sought", 0) + 1
        if state.env["sought"] > MOST_SOUGHT:
            raise TooMany(f"the ends of links are sought in more than {MOST_SOUGHT:,} steps")
        super().skipToken(state)


_ADDRESS = re.compile(r"://[^\s<>\[\]`|\\]*[^\s<>\[\]`|\\*_~.,;:!?)'\"]")
_SCHEME = re.compile(r"\b(https?|ftp)\Z", re.IGNORECASE)


def _bare_link(state: StateInline, silent: bool) -> bool:
    """An address in the text is kept as it is, whatever marks are in it."""
    found = _ADDRESS.match(state.src, state.pos, state.posMax)
    if found is None or not _SCHEME.search(state.src, max(state.pos - 5, 0), state.pos):
        return False
    if not silent:
        state.append_pending(found[0])
    state.pos = found.end()
    return True


# Without HTML, which is text in a chat; without code by indentation, which models do not mean. Beyond maxNesting the
# parser drops words, so a text that comes near is not formatted at all.
_markdown = MarkdownIt()
_markdown.inline = _Inline()
_markdown.configure("commonmark", {"html": False, "maxNesting": 2 * DEEPEST})
_markdown.enable(["table", "strikethrough"]).disable(["code"])
_markdown.inline.ruler.before("emphasis", "bare_link", _bare_link)
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


def to_whatsapp(markdown: str) -> str:
    """The text as WhatsApp takes it, of any length; see gateways.splitting for its limit. Raises TooDeep, TooMany."""
    tokens = _markdown.parse(markdown)
    if max(0, _depth(tokens), *(_depth(token.children or ()) for token in tokens)) > DEEPEST:
        raise TooDeep(f"marks stand within each other more than {DEEPEST} times")
    return _blocks(SyntaxTreeNode(tokens).children).strip("\n")


def _depth(tokens: Iterable[Token]) -> int:
    """How deep tokens stand within each other."""
    return max(accumulate(token.nesting for token in tokens), default=0)


def _blocks(nodes: Iterable[SyntaxTreeNode], between: str = "\n\n") -> str:
    return between.join(text for node in nodes if (text := _block(node)))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "heading":
            words = _inline(node, bold=True).strip()
            return f"*{words}*" if words else ""
        case "fence" | "code_block":
            return f"{CODE}\n{node.content.replace(CODE, chr(39) * 3).rstrip(chr(10))}\n{CODE}"
        case "blockquote":
            return "\n".join(f"> {line}" for line in _blocks(node.children).split("\n") if line.strip())
        case "bullet_list":
            return _items(node.children, ["- "] * len(node.children))
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            return _items(node.children, [f"{start + number}. " for number in range(len(node.children))])
        case "table":
            return "\n".join(_row(row) for part in node.children for row in part.children)
        case "hr":
            return "———"
        case _:
            return _inline(node)


def _items(items: Sequence[SyntaxTreeNode], marks: Sequence[str]) -> str:
    lines = []
    for item, mark in zip(items, marks, strict=True):
        first, *others = _blocks(item.children, "\n").split("\n")
        lines += [mark + first, *(f"  {line}" for line in others)]
    return "\n".join(lines)


def _row(row: SyntaxTreeNode) -> str:
    return " | ".join(_inline(cell).replace("\n", " ") for cell in row.children)


def _inline(node: SyntaxTreeNode, *, bold: bool = False) -> str:
    """The words of a node; where it is all `bold` already, what is strong in it is not marked again."""
    return "".join(_piece(child, bold=bold) for child in node.children)


def _piece(node: SyntaxTreeNode, *, bold: bool) -> str:
    match node.type:
        case "text":
            return _BREAK.sub("\n", node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return f"`{node.content}`"
        case "strong":
            return _inline(node, bold=True) if bold else _marked("*", _inline(node, bold=True))
        case "em":
            return _marked("_", _inline(node, bold=bold))
        case "s":
            return _marked("~", _inline(node, bold=bold))
        case "link":
            return _link(_inline(node, bold=bold), str(node.attrs.get("href", "")))
        case "image":
            return _link(_inline(node, bold=bold), str(node.attrs.get("src", "")))
        case _:
            return _inline(node, bold=bold)


def _marked(mark: str, words: str) -> str:
    """The words between two marks, line by line: WhatsApp's formats end with the line."""
    return "\n".join(f"{mark}{line}{mark}" if line.strip() else line for line in words.split("\n"))


def _link(words: str, address: str) -> str:
    address = address.removeprefix("mailto:")
    if not address or address in (words, f"http://{words}", f"https://{words}"):
        return address or words
    return f"{words} ({address})" if words else address
