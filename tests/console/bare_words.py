"""The words of a template that are not marked to be translated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

import jinja2
from jinja2 import nodes

ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
WORDED = {"alt", "aria-label", "label", "placeholder", "title"}
"""Attributes that people read."""

SAME_EVERYWHERE = {
    "inbox", "recado", "faq", "bakery", "INT", "MB", "SHA-256", "{name}", "{date}", "{time}", "{weekday}",
    "{account}", "{open}",
}  # fmt: skip
"""Words of templates that no language has another word for."""


def bare_words(source: str) -> Iterator[str]:
    """The words of a template that are not marked."""
    tree = ENVIRONMENT.parse(source)
    expressions: list[nodes.Expr] = []
    html = "".join(_flat(tree, expressions))
    for place in _places(html):
        for number in re.findall("\ue000(\\d+)\ue001", place):
            yield from _constants(expressions[int(number)])
        plain = re.sub("\ue000\\d+\ue001", " ", place)
        yield from (word for word in re.findall(r"[\w{}-]*[^\W\d_]{2,}[\w{}-]*", plain) if word not in SAME_EVERYWHERE)
    for node in tree.find_all((nodes.Assign, nodes.For, nodes.With)):
        for part in node.iter_child_nodes(exclude=("body", "else_")):
            yield from (word for word in _constants(part) if re.search(r"[A-Z][a-z]|[a-z] [a-z]", word))
    for call in tree.find_all(nodes.Call):
        if _is_marked(call) and not all(
            isinstance(one, nodes.Const) for one in call.args[: 2 if _name(call) == "ngettext" else 1]
        ):
            yield f"line {call.lineno}: not a constant"


def _flat(node: nodes.Node, expressions: list[nodes.Expr]) -> Iterator[str]:
    """The template's HTML, in which each expression is a number."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Macro):
            body = "".join(_flat(child, expressions))
            yield body if "<" in body else f"<p {body}>"  # attributes alone
        elif isinstance(child, nodes.Output):
            for one in child.nodes:
                if isinstance(one, nodes.TemplateData):
                    yield one.data
                else:
                    expressions.append(one)
                    yield f"\ue000{len(expressions) - 1}\ue001"
        else:
            yield from _flat(child, expressions)


def _places(html: str) -> Iterator[str]:
    """The texts and attributes that people read; code is the same in each language."""
    found: list[str] = []

    class Reader(HTMLParser):
        code = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.code += tag in ("code", "script", "style")
            found.extend(value for name, value in attrs if name in WORDED and value)

        def handle_endtag(self, tag: str) -> None:
            self.code -= tag in ("code", "script", "style")

        def handle_data(self, data: str) -> None:
            if not self.code:
                found.append(data)

    reader = Reader()
    reader.feed(html)
    reader.close()
    yield from found


def _constants(node: nodes.Node) -> Iterator[str]:
    """The words in an expression that it may show."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str) and re.search(r"[^\W\d_]", node.value) and node.value not in SAME_EVERYWHERE:
            yield node.value
        return
    for part in _shown(node):
        yield from _constants(part)


def _shown(node: nodes.Node) -> Iterable[nodes.Node]:
    """The parts of an expression that it may show."""
    match node:
        case nodes.CondExpr():
            return [one for one in (node.expr1, node.expr2) if one is not None]
        case nodes.Filter():
            return () if node.node is None or node.name == "format" else (node.node,)
        case nodes.Pair():
            return (node.value,)
        case nodes.Getitem():
            return (node.node,)
        case nodes.Call():
            return (node.node.node,) if isinstance(node.node, nodes.Getattr) else ()
        case nodes.Compare() | nodes.Test() | nodes.Getattr():
            return ()
    return node.iter_child_nodes()


def _name(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def _is_marked(call: nodes.Call) -> bool:
    return _name(call) in {"_", "gettext", "ngettext"}
