"""The policy of an instance by the settings, for answering and for `recado whatif`."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from actors.answering import Policy
from recado.settings.money import cost_limit, models_in_use
from recado.settings.settings import Settings


def policy_of(settings: Settings) -> Policy:
    models = models_in_use(settings, settings.speech_model, settings.meaning_model)
    return Policy(
        debounce=settings.debounce,
        run_timeout=settings.run_timeout,
        fallback_after=settings.fallback_after,
        stale_after=settings.stale_after,
        history=settings.max_conversation_history,
        max_runs=settings.max_runs,
        budget=settings.max_tokens_per_chat_per_day,
        cost_limit=cost_limit(settings, models, settings.max_cost_per_chat_per_day),
        account_cost_limit=cost_limit(settings, models, settings.max_cost_per_account_per_day),
        words_for=settings.words_for,
        one_moment_after=settings.one_moment_after if settings.one_moment_text != "" else timedelta(0),
        acknowledge=settings.acknowledge,
        quote=settings.quote,
        previews=settings.link_previews == "on",
        looks_up_first=bool(settings.knowledge) and settings.knowledge_mode == "front",
        sources=settings.knowledge_sources == "on",
        gates=settings.gates,
        takeover=settings.takeover,
        # The small local model would answer the moment and not the person.
        zone=None if settings.wants_local_model else ZoneInfo(settings.timezone),
    )
