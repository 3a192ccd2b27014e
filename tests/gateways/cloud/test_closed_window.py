"""Replies after the window of 24 hours: a template goes out in their place, once."""

from __future__ import annotations

from pathlib import Path

from events.inbound import Receipt
from events.log import EventLog
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, cloud_gateway
from tests.gateways.cloud.impatient import impatient
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.replies import events

__all__ = ["impatient"]


async def test_the_window_is_closed_at_once(log: EventLog, data_dir: Path) -> None:
    """The template goes out in the reply's stead, once; the reply itself stays failed."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
        meta.fail(code=131047)
        await say(log, "r1")
        await until_step(log, "r1", "accepted template")
        assert [(taken.template, taken.text) for taken in meta.taken] == [("hello_again", None)]
        await meta.tell(meta.taken[0], "delivered")
        assert await steps(log, "r1") == [
            "sending",
            "failed window_closed instead hello_again:en_US",
            "sending template",
            "accepted template",
            "delivered template",
        ]


async def test_a_receipt_chooses_no_template(log: EventLog, data_dir: Path) -> None:
    """A writer of receipts would choose among all that Meta has approved, and send for replies that never were."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
        await say(log, "r1")
        await until_step(log, "r1", "accepted")
        for n, template in enumerate(["payment_due:en_US", "", "hello_again:pt_BR"]):
            forged = Receipt(id=f"x{n}", reply=f"never-{n}", state="failed", instead=template)
            await log.publish(ANA, forged, msg_id=f"x{n}")
            await until_step(log, f"never-{n}", "failed content template" if template else "failed content")
        assert [taken.template for taken in meta.taken] == [None]


async def refuse_later(log: EventLog, meta: GraphDouble) -> None:
    """Meta takes a text, refuses it in a status, and takes the template."""
    await say(log, "r1")
    await until_step(log, "r1", "accepted")
    await meta.tell(meta.taken[0], "failed", code=131047)
    await until_step(log, "r1", "accepted template")


async def test_the_window_proves_to_be_closed_later(log: EventLog, data_dir: Path) -> None:
    """Mostly Meta takes the text first and refuses it in a status; a gateway that starts again sends nothing twice."""
    async with GraphDouble() as meta:
        async with cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
            await refuse_later(log, meta)
            await meta.tell(meta.taken[1], "failed", code=131026)
        (data_dir / "gateway-shop.json").unlink()
        async with cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
            await say(log, "r2")
            await until_step(log, "r2", "accepted")
        assert [taken.template for taken in meta.taken] == [None, "hello_again", None]


async def test_a_closed_window_that_is_told_of_again(log: EventLog, data_dir: Path) -> None:
    """Meta repeats a status after days, in the life of another gateway: the template is not sent again."""
    async with GraphDouble() as meta:
        async with cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
            await refuse_later(log, meta)
        told = next(r.event for r in await events(log, "shop") if isinstance(r.event, Receipt) and r.event.instead)
        async with cloud_gateway(log, meta, data_dir, window_template="hello_again:en_US"):
            await log.publish(ANA, told, msg_id="days later")
            await say(log, "r2")
            await until_step(log, "r2", "accepted")
        assert [taken.template for taken in meta.taken] == [None, "hello_again", None]
