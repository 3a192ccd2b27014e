"""The setting RECADO_WINDOW_TEMPLATE: the template that goes out in a reply's stead after 24 hours. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from events.numbers import whole_number
from events.parts import Parameters, Part
from gateways.delivery.splitting import shortened
from gateways.templates.form import filled
from gateways.templates.known import Known, TemplateUnknown

LONGEST_NAME, LONGEST_REPLY = 60, 200
"""Characters of what is put in."""

NOTHING = "…"
"""The value where there is nothing to put in: WhatsApp takes no empty one."""

_REF = re.compile(r"[a-z0-9_]{1,512}:[a-z]{2,3}(_[A-Z]{2})?")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}|[1-9][0-9]?")
_WORD = re.compile(r"\{([^{}]*)\}")
_WORDS = ("name", "reply")


class WindowTemplate(msgspec.Struct, frozen=True):
    """The setting as it is read.

    - `ref`: the template's name and language.
    - `values`: for each variable of its body a text with `{name}` and `{reply}` in it.
    """

    ref: str
    values: tuple[tuple[str, str], ...] = ()

    def part(self, name: str, reply: str) -> Part:
        """The part that sends it, for a person of this name and the words of the reply that could not go out."""
        given = {"name": cleaned(name, LONGEST_NAME), "reply": cleaned(_first_line(reply), LONGEST_REPLY)}
        texts = {variable: _put_in(text, given) for variable, text in self.values}
        counted = tuple(texts[number] for number in sorted(texts, key=int)) if _counted(texts) else texts
        template, _, language = self.ref.partition(":")
        parameters = Parameters(body=counted) if texts else None
        return Part(kind="template", name=template, language=language, parameters=parameters)

    def faults(self, known: Known) -> Iterator[str]:
        """The faults that make the template unusable, by Meta's own form of it."""
        try:
            template = known.find(self.ref)
        except TemplateUnknown as unknown:
            yield str(unknown)
            return
        made = filled(template, {f"body:{variable}": "x" for variable, _ in self.values})
        if isinstance(made, Part):
            return
        for fault in made:
            # On the command line a value is an option, here it stands behind a comma.
            yield re.sub(r"--set (\S+)=VALUE", r"add `, \1={name}` or `, \1={reply}`", fault)
        if any("--header" in fault or "--button" in fault for fault in made):
            yield "RECADO_WINDOW_TEMPLATE fills variables of the body alone: choose a template without others"


def read(given: str) -> WindowTemplate:
    """The setting `name:language, variable=text, …`. Raises ValueError with what to do."""
    ref, *rest = (one.strip() for one in given.split(","))
    if not _REF.fullmatch(ref):
        raise ValueError("which is no template and its language: write name:language, such as hello_again:en_US")
    values: dict[str, str] = {}
    for one in rest:
        variable, equals, text = (word.strip() for word in one.partition("="))
        if not equals or not text or not _NAME.fullmatch(variable):
            raise ValueError(f"where {one[:60]!r} fills no variable: write name={{name}} or 1={{reply}}")
        if variable in values:
            raise ValueError(f"where the variable {variable} is filled twice: leave one out")
        for word in _WORD.findall(text):
            if word.partition("|")[0] not in _WORDS:
                raise ValueError(f"where {{{word[:40]}}} is unknown: there are {{name}}, {{name|friend}} and {{reply}}")
        if "{" in _WORD.sub("", text) or "}" in _WORD.sub("", text):
            raise ValueError(f"where {one[:60]!r} has a brace without its other: write {{name}}")
        values[variable] = text
    if values and not _counted(values) and any(whole_number(variable) is not None for variable in values):
        raise ValueError("where some variables have names and some numbers: a template has either")
    if _counted(values) and sorted(map(int, values)) != list(range(1, len(values) + 1)):
        raise ValueError("where a number is left out: give 1, 2 and so on")
    return WindowTemplate(ref, tuple(values.items()))


def cleaned(text: str, longest: int) -> str:
    """The text as WhatsApp takes it in a variable: in one line, without runs of blanks, not longer than `longest`."""
    line = " ".join(text.split())
    short = shortened(line, longest)
    return line if short == line else f"{shortened(line, longest - 1).strip()}…"


def _counted(values: dict[str, str]) -> bool:
    return bool(values) and None not in map(whole_number, values)


def _put_in(text: str, given: dict[str, str]) -> str:
    def word(match: re.Match[str]) -> str:
        name, _, instead = match[1].partition("|")
        return given[name] or instead

    return " ".join(_WORD.sub(word, text).split()) or NOTHING


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if any(sign.isalnum() for sign in line)), "")
