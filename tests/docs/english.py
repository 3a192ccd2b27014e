"""Counts the phrases that make a sentence hard to read, per 1,000 words of prose. Run by `make check`.

Prose is the docstrings and comments of the code and the pages of docs. Code in prose (`like this`, fenced or indented
blocks) does not count. `python -m tests.docs.english FILE…` lists each phrase in these files.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = (
    "events",
    "chat",
    "actors",
    "backends",
    "gateways",
    "projections",
    "console",
    "recado",
    "benchmarks",
    "examples",
)
PAGES = ("README.md", "docs")

PHRASES = {
    "a clause as a thing": r"\bwhat (?:it |they |we |he |she |you |the \w+ |a \w+ |each |this |that )?"
    r"(?:is|are|was|were|has|have|had|does|did|do|stands|stood|comes|came|makes|made|can|may|might|must|will|would|should|"
    r"could|needs|remains|follows|happens|happened|runs|ran|gives|gave|takes|took|becomes|became|holds|held|keeps|kept|"
    r"goes|went|says|said|sends|sent|reads|wrote|writes|knows|knew|changes|changed|arrives|arrived|waits|waited|belongs|"
    r"counts|costs|lies|lay|stays|stayed|reaches|reached|asks|asked|answers|answered|brings|brought|calls|called|tells|told)\b",
    "somebody": r"\b(?:some|no|any|every)body\b",
    "whoever": r"\b(?:who|what|which|whom|where|when)ever\b",
    "stands": r"\b(?:stands|stood)\b(?! for)",
    "anew, owed": r"\b(?:anew|owed|owes|owe)\b",
}
MOST = dict.fromkeys(PHRASES, 1.0) | {"anew, owed": 0.0}
"""Of each, in 1,000 words."""

CLAUSE = re.compile(
    r"(?:\A|(?<=[.!?:)])\s|\n\s*\n|\n)\s*(?:[-*>] |\d+[.] )*"
    r"((?:(?:What|Who|Whom|Whose|Which)(?:ever)?|How|Why|Whether|(?:Where|When)\b(?!(?:[^.?!]|[.](?=\w))*,))\b"
    r"[^.?!]*(?:[.](?=\w)[^.?!]*)*(?:[.!]|\Z|\n\s*\n|$))"
)
"""A clause in the place of a sentence's subject, or of the whole sentence, with or without a dot. A question may open
so, and a sentence that says after a comma what is so where or when."""


def comments_and_docstrings(text: str) -> Iterator[tuple[int, str]]:
    """(line, words) of each docstring and comment of a module; its own docstring first."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not re.match(r"#!|# (?:noqa|type:|fmt:)", token.string):
            yield token.start[0], token.string[1:].partition("  # noqa")[0]


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """(line, words) of each line of a page that is no code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def without_code(words: str) -> str:
    return re.sub(r"`[^`]*`", "code", words)


def prose_of(path: Path) -> list[tuple[int, str]]:
    text = path.read_text()
    found = comments_and_docstrings(text) if path.suffix == ".py" else paragraphs(text)
    return [(line, without_code(words)) for line, words in found]


def phrases_in(path: Path) -> Iterator[tuple[str, int, str]]:
    """(kind, line, phrase) of each."""
    for line, words in prose_of(path):
        for kind, pattern in PHRASES.items():
            for match in re.finditer(pattern, words, re.IGNORECASE):
                yield kind, line + words.count("\n", 0, match.start()), match[0]


def clauses() -> list[str]:
    """The sentences that open with a clause as their subject, or are one, each with its place."""
    return [
        f"{path.relative_to(ROOT)}:{line + words.count(chr(10), 0, match.start(1))}: {' '.join(match[1].split())[:80]}"
        for path in files()
        for line, words in _sentences(path)
        for match in CLAUSE.finditer(words)
    ]


def _sentences(path: Path) -> Iterator[tuple[int, str]]:
    """(line, words) of each docstring and comment of code, and of each paragraph of a page, whose sentences go over
    lines."""
    if path.suffix == ".py":
        yield from prose_of(path)
        return
    first, held = 0, list[str]()
    for line, words in [*prose_of(path), (0, "")]:
        if not words.strip() or re.match(r"\s*(?:[-*>|#]|\d+[.]) ?", words) or line != first + len(held):
            if held:
                yield first, "\n".join(held)
            first, held = line, []
        if words.strip() and not words.startswith(("#", "|")):
            held.append(words.strip())


def files() -> list[Path]:
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    pages = [
        page for name in PAGES for page in ([ROOT / name] if name.endswith(".md") else (ROOT / name).rglob("*.md"))
    ]
    return sorted(code + pages)


def main(names: list[str]) -> int:
    if names:
        for name in names:
            for kind, line, phrase in phrases_in(Path(name)):
                print(f"{name}:{line}: {kind}: {' '.join(phrase.split())}")
        return 0
    failed = False
    for where, chosen in (
        ("code", [p for p in files() if p.suffix == ".py"]),
        ("docs", [p for p in files() if p.suffix == ".md"]),
    ):
        words = sum(len(text.split()) for path in chosen for _, text in prose_of(path))
        counts = dict.fromkeys(PHRASES, 0)
        by_file: dict[str, int] = {}
        for path in chosen:
            for kind, _, _ in phrases_in(path):
                counts[kind] += 1
                by_file[str(path.relative_to(ROOT))] = by_file.get(str(path.relative_to(ROOT)), 0) + 1
        for kind, count in counts.items():
            share = 1000 * count / words
            too_many = share > MOST[kind]
            failed |= too_many
            most = f" (most: {MOST[kind]:g})" if too_many else ""
            print(f"{where}: {kind}: {count} in {words} words, {share:.2f} per 1,000{most}")
        if failed:
            print(
                *(f"  {count:4} {name}" for name, count in sorted(by_file.items(), key=lambda one: -one[1])[:20]),
                sep="\n",
            )
    for name in clauses():
        failed = True
        print(f"{name}: the sentence opens with a clause: put the subject first")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
