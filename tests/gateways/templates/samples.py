"""Templates of each kind."""

from __future__ import annotations

from gateways.templates.template import Button, Template

HELLO = Template(name="hello", language="en_US", status="APPROVED", category="UTILITY", body="Hello!")
NAMED = Template(
    name="order_ready",
    language="pt_BR",
    status="APPROVED",
    category="UTILITY",
    named=True,
    header="text",
    header_text="Pedido {{order}}",
    body="Olá {{name}}, seu {{what}} está pronto. Obrigado, {{name}}!",
    footer="Padaria",
    buttons=(Button("quick_reply", "Ok"), Button("url", "Ver", "https://bakery.example/{{1}}")),
)
COUNTED = Template(
    name="offer",
    language="en",
    status="APPROVED",
    category="MARKETING",
    header="image",
    body="Hi {{1}}, {{2}} off until {{3}}",
    buttons=(Button("copy_code", "Copy offer code"), Button("phone_number", "Call")),
)
MENU = Template(name="menu", language="en", status="APPROVED", header="document", body="Our menu.")
PLACE = Template(name="find_us", language="en", status="APPROVED", header="location", body="We are here.")
FORM = Template(name="sign_up", language="en", status="APPROVED", body="Sign up", buttons=(Button("flow", "Start"),))
CODE = Template(
    name="code",
    language="en",
    status="APPROVED",
    category="AUTHENTICATION",
    body="*{{1}}* is your code.",
    buttons=(Button("url", "Copy code", "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"),),
)
CAROUSEL = Template(name="cards", language="en", status="APPROVED", body="See", beyond=("carousel",))

EVERY = (HELLO, NAMED, COUNTED, MENU, PLACE, FORM, CODE, CAROUSEL)
