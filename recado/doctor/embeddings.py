"""Checks whether documents are found by their meaning: the server is asked for the vector of a word."""

from __future__ import annotations

from contextlib import AsyncExitStack

from projections.knowledge.counting import Counting
from projections.knowledge.embedding import PROBE, NotEmbedded
from recado.doctor.finding import Finding
from recado.settings.settings import Settings
from recado.wiring.knowledge import embedder_of
from recado.wiring.modules import embedded_problem

_WHAT = "embeddings"


async def embedding_finding(settings: Settings) -> Finding | None:
    """True if there are vectors; None where no documents are looked up."""
    if not settings.knowledge:
        return None
    if not settings.meaning_model:
        return Finding(_WHAT, "ok", "documents are found by their words alone (OPENAI_EMBEDDING_MODEL is not in use)")
    if (missing := embedded_problem(settings)) is not None:
        return Finding(_WHAT, "failure", missing)
    async with AsyncExitStack() as stack:
        embedder = embedder_of(settings, stack, Counting())
        try:
            (vector,) = await embedder.of_pieces([PROBE])
        except NotEmbedded as failure:
            return Finding(
                _WHAT,
                "warning",
                f"{embedder.space} makes no vectors: {failure}",
                "set OPENAI_EMBEDDING_BASE_URL to a server with POST /embeddings, or unset OPENAI_EMBEDDING_MODEL: "
                "then documents are found by their words alone",
            )
        return Finding(_WHAT, "ok", f"{embedder.space}, {len(vector) // 4} numbers")
