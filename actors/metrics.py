"""What an instance's actors count, as Prometheus reads it on `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

decisions = Counter("recado_decisions", "Decisions appended to the log, by type.", ["type"])
conflicts = Counter("recado_conflicts", "Appends refused because somebody else had decided about the chat.")
live_actors = Gauge("recado_live_actors", "Chats in memory.")
actor_failures = Counter("recado_actor_failures", "Actors that ended with an exception and were woken again.")
owner = Gauge("recado_owner", "1 while this instance answers chats, 0 while it stands by.")
