// menu_tools.py as a NATS micro service: it sends a menu as PDF, asks for a size, and puts a loaf of that size aside.
//
//     npm install
//     NATS_URL=nats://localhost:4222 node menu.mjs
//
// An answer with the header `Recado-Result: 1` has `output` for the model and the parts `send` for the person. The header
// `Recado-Refers-To` has what the turn's messages refer to: also the size that the person taps or types.
import { headers } from "@nats-io/transport-node";
import { Svcm } from "@nats-io/services";
import { connectToBus } from "./bus.mjs";

const SIZES = { small: "Small, 500 g", large: "Large, 1 kg" };
const MENU = { kind: "document", url: "https://bakery.example/menu.pdf", filename: "menu.pdf", caption: "Our menu" };
const BREAD = { type: "object", properties: { bread: { type: "string" } }, required: ["bread"] };

const bus = await connectToBus();
const service = await new Svcm(bus).add({ name: "menu", version: "1.0.0" });

function tool(name, description, parameters, answer) {
  service.addEndpoint(name, {
    subject: `tools.${name}`,
    metadata: { "recado.tool": JSON.stringify({ name, description, parameters, safe: true }) },
    handler: (error, request) => {
      if (error) throw error;
      answer(request, request.json());
    },
  });
}

function send(request, output, ...parts) {
  const withParts = headers();
  withParts.set("Recado-Result", "1");
  request.respond(JSON.stringify({ output, send: parts }), { headers: withParts });
}

function chosenSize(request) {
  const told = request.headers?.get("Recado-Refers-To");
  const messages = told ? JSON.parse(decodeURIComponent(told)) : [];
  return messages.map((message) => message.choice?.id).findLast((id) => id in SIZES);
}

tool("menu", "Send the person the menu, as a PDF.", { type: "object", properties: {} }, (request) => {
  send(request, "The person gets the menu.", MENU);
});

tool("ask_size", "Ask the person for the size of a loaf. Answer with the question alone.", BREAD, (request, { bread }) => {
  const choices = Object.entries(SIZES).map(([id, title]) => ({ id, title }));
  send(request, `The person is shown the sizes of ${bread}.`, { kind: "choices", choices });
});

tool("reserve", "Put a loaf aside for the person, once they have chosen a size.", BREAD, (request, { bread }) => {
  const size = chosenSize(request);
  if (size) request.respond(`${SIZES[size]} of ${bread} put aside for ${request.headers.get("Recado-Chat")}`);
  else request.respond("No size was chosen: ask for it first.");
});

console.log("menu is there");
