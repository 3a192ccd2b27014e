"""Keeps the catalogs of the desk's languages: `python -m tests.catalogs` brings the words of the templates, the
scripts and the code into each desk.po, and compiles each desk.mo. A person then writes what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chat.hours import DAYS
from console.desk_list import FILTERS
from console.documents.pages import KINDS
from console.languages import DOMAIN, LANGUAGES, LOCALES
from console.outcomes import SAID
from console.template_form import TAKES
from console.wording import TABLES
from events.details import Detail
from events.read_back import DECODER
from gateways.cloud.error_table import SUBCODES, TABLE, UNKNOWN
from gateways.templates.template import STATES
from recado.profiles.desk import TOPICS
from recado.profiles.overlay import SETTABLE
from recado.settings.settings import VARIABLES

COMMAND = "python -m tests.catalogs"
CONSOLE = LOCALES.parent

FOR_PROGRAMS = {"api.py"}
"""Its words are in English for everyone."""

_BEGUN = datetime(2026, 11, 29, tzinfo=UTC)
_METHODS = {".html": "jinja2", ".js": "javascript", ".py": "python"}
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "NotTaken": (2,),
    "Problem": (2,),
    "Unfit": (2,),
    "Denied": (1,),
    "marked": None,
    "Phrase": None,
    "Counted": (1, 2),
}
_OPTIONS = {".html": {"trimmed": "true", "silent": "false"}, ".js": {}, ".py": {}}


def words() -> Catalog:
    """Every message of the desk in English."""
    found = Catalog(domain=DOMAIN, project="recado", charset="utf-8", creation_date=_BEGUN, revision_date=_BEGUN)
    for path in (*sorted(CONSOLE.rglob("*")), *phrased()):
        method = _METHODS.get(path.suffix)
        if method is None:
            continue
        extracted = extract_from_file(method, path, keywords=_KEYWORDS, options=_OPTIONS[path.suffix])
        for _, message, _, _ in extracted:
            if message and message != ("", ""):
                found.add(message)
    for text in _of_tables():
        if text:
            found.add(text)
    return found


def phrased() -> list[Path]:
    """The files below the desk that say phrases."""
    roots = (CONSOLE.parent / name for name in ("actors", "chat", "events", "gateways", "projections", "recado"))
    files = sorted(path for root in roots for path in root.rglob("*.py"))
    return [path for path in files if b"from events.phrases import" in path.read_bytes()]


def catalog_of(folder: str) -> Catalog:
    """The catalog of a language; an empty one if it has none yet."""
    path = _po(folder)
    if not path.exists():
        return Catalog(folder, domain=DOMAIN, creation_date=_BEGUN, revision_date=_BEGUN)
    with path.open("rb") as file:
        return read_po(file, locale=folder, domain=DOMAIN)


def brought_up_to(catalog: Catalog, english: Catalog) -> bytes:
    """The catalog with the messages that there are now, as a file."""
    catalog.update(english, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = _BEGUN
    catalog.project, catalog.version, catalog.msgid_bugs_address = "recado", "1", ""
    catalog.last_translator = catalog.language_team = ""
    catalog.fuzzy = False
    catalog.header_comment = "# The words of the desk. Refresh them with: " + COMMAND
    file = BytesIO()
    write_po(file, catalog, width=120, no_location=True, sort_output=True)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """The catalog as the desk reads it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def messages(catalog: Catalog) -> Iterator[Message]:
    """Its messages but its head."""
    return (one for one in catalog if one.id)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """A message's text, or its singular and plural."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _of_tables() -> Iterator[str]:
    for table in (*TABLES, FILTERS, KINDS, SAID, STATES, TAKES):
        yield from table.values()
    yield from (one.meaning for one in VARIABLES.values())
    yield from (one.topic for one in SETTABLE.values())
    yield from TOPICS.values()
    yield from (one.value for one in Detail)
    yield from DECODER
    yield from (one.do for one in (*TABLE.values(), *SUBCODES.values(), UNKNOWN))
    yield from (day.capitalize() for day in DAYS)


def _po(folder: str) -> Path:
    return LOCALES / folder / "LC_MESSAGES" / f"{DOMAIN}.po"


def main() -> None:
    english = words()
    for language in LANGUAGES:
        if not language.folder:
            continue
        catalog = catalog_of(language.folder)
        _po(language.folder).write_bytes(brought_up_to(catalog, english))
        _po(language.folder).with_suffix(".mo").write_bytes(compiled(catalog))
        missing = sum(not all(forms(one.string)) for one in messages(catalog))
        sys.stdout.write(f"{language.name}: {len(catalog)} messages, {missing} to be translated\n")


if __name__ == "__main__":
    main()
