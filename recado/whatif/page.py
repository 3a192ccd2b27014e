"""Renders the report as one HTML file without scripts, fonts or requests."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from chat.context import readable
from recado.printing import local, person
from recado.whatif.report import Compared, Report, Side, counted
from recado.whatif.side_by_side import summary, sums_table

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; border-bottom: 1px solid var(--line); }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
.said, .text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .5rem; }
.said { border-left: 3px solid var(--line); padding-left: .7rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.sides > section { background: var(--soft); border-radius: .5rem; padding: .7rem; min-width: 0; }
.about { font-size: .85rem; opacity: .75; margin: 0 0 .4rem; }
.none .text { font-style: italic; }
@media (max-width: 40rem) { .sides { grid-template-columns: 1fr; } }
"""


def page_of(report: Report) -> str:
    """The report as an HTML file."""
    asked = report.asked
    changed = ", ".join(f"{name} {value}" for name, value in asked.changed.items()) or "nothing: the present setting"
    by = f" Profile: {asked.profile}." if asked.profile else ""
    about = (
        f"Messages from {local(asked.since)} until {local(asked.until)}.{by} Changed: {changed}. Written by "
        f"{asked.model} ({asked.backend}), history {asked.history}. No reply under `now` was sent."
    )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><title>recado whatif</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body>",
            "<h1>What if</h1>",
            f"<p>{escape(about)}</p>",
            *_sums(report),
            *(f"<p>{escape(line)}</p>" for line in notes(report)),
            *(part for turn in report.turns for part in _turn(turn)),
            "</body></html>",
            "",
        ]
    )


def notes(report: Report) -> Iterator[str]:
    """Notes for the reader: turns that were left out, and threads that stay at the provider."""
    left_out = report.left_out
    if left_out.turns or left_out.chats:
        chats = f", {counted(left_out.chats, 'chat')} not looked at" if left_out.chats else ""
        yield f"Left out because of {' and '.join(left_out.because)}: {counted(left_out.turns, 'turn')}{chats}."
    if report.threads:
        yield f"Made at the provider for this, and still there: {', '.join(report.threads)}."


def _sums(report: Report) -> Iterator[str]:
    yield "<table><tr><th></th><th>then</th><th>now</th><th>change</th></tr>"
    for row in sums_table(report.then, report.now):
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _turn(turn: Compared) -> Iterator[str]:
    yield f"<article><h2>{escape(person(turn.chat))}, {escape(local(turn.at))}</h2>"
    for said in turn.said:
        name = f"{said.name}: " if said.name else ""
        yield f'<p class="said">{_text(name + said.text)}</p>'
    if turn.moment:
        yield f'<p class="about">{_text(turn.moment)}</p>'
    yield '<div class="sides"><section>'
    for side in turn.then:
        yield from _side("then", side)
    yield "</section><section>"
    yield from _side("now", turn.now)
    yield "</section></div>"
    for call in turn.calls:
        result = "with the result of then" if call.is_known else "not made: the log has no result of it"
        yield f'<p class="about">tool {_text(call.name)} {_text(call.arguments)}: {result}</p>'
    yield "</article>"


def _side(label: str, side: Side) -> Iterator[str]:
    kind = "" if side.ending == "reply" else " none"
    yield f'<div class="side{kind}"><p class="about">{label}: {escape(summary(side))}</p>'
    yield f'<p class="text">{_text(side.text)}</p></div>'


def _text(text: str) -> str:
    return escape(readable(text))
