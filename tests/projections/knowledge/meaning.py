"""A model that embeds by the words of a text, and documents to embed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from events.usage import Tally
from projections.knowledge.embedding import NotEmbedded
from tests.doubles.openai_embeddings import vector_of


class Words:
    """projections' Embedder. A text is a token.

    - `size`: numbers of a vector.
    - `asked`: the texts of pieces that it was asked for; `questions`: those of questions.
    - `fails`: every request fails with it; None: none does.
    - `refuses`: a request with these words in it is refused; empty: none is.
    """

    def __init__(self, space: str = "words at home", size: int = 256) -> None:
        self._space = space
        self.size = size
        self.asked: list[str] = []
        self.questions: list[str] = []
        self.fails: str | None = None
        self.refuses = ""

    @property
    def space(self) -> str:
        return self._space

    @property
    def part_size(self) -> int:
        return 0

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return self._vectors(texts)

    async def of_question(self, phrasings: Sequence[str], tally: Tally | None = None) -> list[bytes]:
        self.questions += phrasings
        if tally is not None:
            tally.add(self.space, len(phrasings))
        return self._vectors(phrasings)

    def _vectors(self, texts: Sequence[str]) -> list[bytes]:
        if self.fails is not None:
            raise NotEmbedded(self.fails)
        if self.refuses and any(self.refuses in text for text in texts):
            raise NotEmbedded("the text is too long", refused=True)
        return [array("f", vector_of(text, self.size)).tobytes() for text in texts]
