"""Prometheus metrics of an instance's actors, served on `/metrics`."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import Counter, Gauge

from events.decisions import DECISIONS

decisions = Counter("recado_decisions", "Decisions appended to the log, by type.", ["type"])
decisions_of = {type_: decisions.labels(type_) for type_ in DECISIONS}
conflicts = Counter("recado_conflicts", "Appends refused because another instance had decided about the chat.")
live_actors = Gauge("recado_live_actors", "Chats in memory.")
actor_failures = Counter("recado_actor_failures", "Actors that ended with an exception and were woken again.")
runs = Gauge("recado_runs", "Turns under way.")
runs_waiting = Gauge("recado_runs_waiting", "Chats whose messages wait because RECADO_MAX_RUNS turns are under way.")
waiting_for_profile = Gauge(
    "recado_chats_waiting_for_profile",
    "Chats in memory that wait for variables of their profile.",
)
backlog = Gauge("recado_backlog", "1 while chats with pending work are left asleep because too many are in memory.")
lag = Gauge("recado_projection_lag", "Sequences of the log that the projection has not got yet.")
members = Gauge("recado_members", "Instances that share the chats, as this one sees it.")
partitions = Gauge("recado_partitions", "Partitions, of 64, that this instance owns.")
renewals = Counter("recado_lease_renewals", "Renewals of this instance's presence, by outcome.", ["outcome"])
takeovers = Counter("recado_takeovers", "Partitions taken over from an instance that was gone.")
falls = Counter("recado_falls", "Times that this instance gave up all chats because it could not renew its presence.")
tools_refused = Counter(
    "recado_tools_refused", "Tools of services that were not offered, each fault of one counted once."
)
fallbacks = Counter("recado_fallbacks", "Turns that went to the second model, by the failure of the first.", ["reason"])
first_model_left = Gauge("recado_first_model_left", "First models that fail, so that turns begin with the second.")
set_aside = Counter("recado_set_aside", "Turns, orders and messages that ended because recado broke on them.")
stuck = Gauge("recado_stuck_chats", "Chats that have had pending work for 15 minutes or longer.")
replies_waiting = Gauge("recado_replies_waiting", "Replies that wait for their gateway.")
oldest_wait = Gauge("recado_replies_oldest_wait_seconds", "Age of the reply that waits longest; 0: none waits.")
replies_unsent = Gauge("recado_replies_unsent", "Replies from before their gateway began: no gateway sends them.")
replies_parked = Gauge("recado_replies_parked", "Replies that are parked.")
replies_failed = Gauge("recado_replies_failed", "Replies that could not be sent.")
without_gateway = Gauge("recado_accounts_without_gateway", "Accounts whose replies need a gateway, and none runs.")
handoffs = Gauge("recado_handoffs", "Chats that wait for a human.")
handoffs_overdue = Gauge("recado_handoffs_overdue", "Chats that have waited for a human for 30 minutes or longer.")
chats_to_do = Gauge("recado_chats_to_do", "Chats with work that the service has to do now.")

OVERDUE_AFTER = timedelta(minutes=30)
"""Age from which an open handoff is overdue."""
