"""The contents of collections of documents, in short, for a model that is to ask them."""

from __future__ import annotations

import msgspec


class Contents(msgspec.Struct, frozen=True):
    """The contents of collections.

    - `languages`: of the documents, by their English names, the commonest first; others are not known.
    - `names`: of the first documents, in the order of the collections.
    - `others`: how many more documents there are.
    """

    languages: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    others: int = 0
