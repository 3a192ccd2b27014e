"""`python -m recado.reference` writes the generated pages of docs/."""

from recado.reference.reference import DOCS, PAGES

for page, text_of in PAGES.items():
    (DOCS / page).write_text(text_of(), encoding="utf-8")
