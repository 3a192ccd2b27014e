"""A bot in the way that PyWa documents: a handler asks the model and replies. `benchmarks.chain` runs it beside recado.

The environment names the port and the doubles: PORT, WHATSAPP_GRAPH_URL, WHATSAPP_…, OPENAI_BASE_URL, OPENAI_API_KEY.
"""

from __future__ import annotations

import os

from openai import OpenAI
from pywa import WhatsApp, filters, types

model = OpenAI()
wa = WhatsApp(
    phone_id=os.environ["WHATSAPP_PHONE_NUMBER_ID"],
    token=os.environ["WHATSAPP_ACCESS_TOKEN"],
    app_secret=os.environ["WHATSAPP_APP_SECRET"],
    verify_token=os.environ["WHATSAPP_VERIFY_TOKEN"],
)
wa.api._session.base_url = os.environ["WHATSAPP_GRAPH_URL"]  # noqa: SLF001 - PyWa has no option for it


@wa.on_message(filters.text)
def answer(_: WhatsApp, msg: types.Message) -> None:
    completion = model.chat.completions.create(
        model="gpt-6-luna", messages=[{"role": "user", "content": msg.text or ""}]
    )
    msg.reply(completion.choices[0].message.content or "")


if __name__ == "__main__":
    wa.run(port=int(os.environ["PORT"]), log_level="warning")
