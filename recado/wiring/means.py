"""Puts together the means with which chats are answered: the models, the tools, the reading of files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

from actors.answering import Means
from actors.breaker import Breaker
from actors.document_slots import DocumentSlots
from actors.tools.built_in import BuiltIn
from actors.tools.library_parts import LibraryParts
from actors.tools.look_up import Knowledge, LookUp
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.content.extraction import Extraction
from events.jetstream.media_store import MediaStore
from events.library import Library
from recado.settings.settings import Settings
from recado.wiring.backends import Model, second_model
from recado.wiring.knowledge import IndexedKnowledge
from recado.wiring.media import files_of
from recado.wiring.model import key_print, threads_of


class Shared:
    """The things that the means of all profiles share.

    - `services`: the tools on the bus.
    - `store`: the object store.
    - `model`: the model of the instance's own settings.
    - `library`: the files and places of all accounts.
    - `knowledge`: the documents of all collections.
    """

    def __init__(
        self, services: ServiceTools, store: MediaStore, model: Model, library: Library, knowledge: IndexedKnowledge
    ) -> None:
        self.model = model
        self.knowledge = knowledge
        self.shelf = Shelf(library)
        self.files = LibraryParts(library, store)
        self.services = services
        self.store = store
        self.extract = Extraction().extract
        self.slots = DocumentSlots()
        self._breakers: dict[tuple[str, str, str], Breaker] = {}

    def breaker(self, settings: Settings, model: Model) -> Breaker:
        """The breaker of a first model: one for each mode, server, key and model."""
        asked = settings.openai_api_mode, key_print(settings), model.name
        if asked not in self._breakers:
            patience = min(settings.run_timeout, settings.fallback_after or settings.run_timeout)
            self._breakers[asked] = Breaker(trial=3 * patience)
        return self._breakers[asked]


def toolbox_of(
    settings: Settings,
    functions: Mapping[str, PythonTool],
    services: ServiceTools,
    shelf: Shelf,
    knowledge: Knowledge | None,
    *,
    files: LibraryParts | None = None,
) -> Toolbox:
    """The tools by the settings."""
    hands_off, look_up = settings.handoff == "on", None
    if settings.knowledge and knowledge is not None:
        first = settings.knowledge_mode == "front"
        look_up = LookUp(settings.knowledge, knowledge, hands_off=hands_off, first=first)
    return Toolbox(
        functions,
        services,
        hands_off=hands_off,
        named=settings.service_tools,
        built_in=BuiltIn(settings.built_in_tools, shelf) if settings.built_in_tools else None,
        files=files,
        look_up=look_up,
    )


def means_of(
    settings: Settings, model: Model, functions: Mapping[str, PythonTool], shared: Shared, stack: AsyncExitStack
) -> Means:
    """The means by the settings, but for the model; they are closed with the stack."""
    fallback = second_model(settings)
    if fallback is not None:
        stack.push_async_callback(fallback.close)
    return Means(
        backend=model.backend,
        fallback=fallback,
        tools=toolbox_of(
            settings,
            functions,
            shared.services,
            shared.shelf,
            shared.knowledge.of(settings) if settings.knowledge else None,
            files=shared.files,
        ),
        files=files_of(settings, model, stack, store=shared.store, extract=shared.extract, slots=shared.slots),
        threads=threads_of(settings, stack),
        breaker=shared.breaker(settings, model) if fallback is not None else None,
    )
