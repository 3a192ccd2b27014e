"""The settings of the business's own documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from recado.settings.variables import Variable, secret, text, url

EMBEDDED = "embedded"
"""The value of OPENAI_EMBEDDING_MODEL that names the model of a package, which no server is asked for."""


@dataclass(frozen=True, kw_only=True, repr=False)
class KnowledgeSettings:
    """The settings of the business's own documents."""

    embedding_model: Annotated[
        str,
        Variable(
            name="OPENAI_EMBEDDING_MODEL",
            profile=True,
            reader=text(),
            meaning="The model by which documents are found by their meaning, also in other words and languages (`POST "
            "/embeddings`). Its server is sent all text of the collections of `RECADO_KNOWLEDGE`, and each question. "
            "`embedded`: a small model of a package, in a process of its own, which needs no key and sends nothing "
            "(`make embedded`). Unset: they are found by their words alone.",
            example="text-embedding-3-small",
        ),
    ] = ""
    embedding_base_url: Annotated[
        str | None,
        Variable(
            name="OPENAI_EMBEDDING_BASE_URL",
            profile=True,
            reader=url("https", "http", example="http://localhost:8080/v1"),
            meaning="The server of `OPENAI_EMBEDDING_MODEL`, where it is another than the one of `OPENAI_BASE_URL`.",
            example="http://localhost:8080/v1",
        ),
    ] = None
    embedding_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_EMBEDDING_API_KEY",
            named=True,
            reader=secret(),
            meaning="The key for `OPENAI_EMBEDDING_BASE_URL`. `OPENAI_API_KEY` is never sent there.",
            example="sk-proj-…",
            secret=True,
        ),
    ] = ""
