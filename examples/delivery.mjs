// A tool for the model that is a NATS micro service: when an order arrives.
//
//     npm install
//     NATS_URL=nats://localhost:4222 node delivery.mjs
//
// recado finds it by itself: its subject begins with `tools.`, its metadata has `recado.tool`. The headers name the chat.
import { Svcm } from "@nats-io/services";
import { connectToBus } from "./bus.mjs";

const bus = await connectToBus();
const service = await new Svcm(bus).add({ name: "delivery", version: "1.0.0" });
service.addEndpoint("arrival", {
  subject: "tools.arrival",
  metadata: {
    "recado.tool": JSON.stringify({
      name: "arrival",
      description: "When an order of the person who writes arrives.",
      parameters: {
        type: "object",
        properties: { order: { type: "string", description: "The order's number" } },
        required: ["order"],
      },
      safe: true,
    }),
  },
  handler: (error, request) => {
    if (error) throw error;
    const { order } = request.json();
    const chat = request.headers?.get("Recado-Chat");
    if (!order) request.respondError(400, "an order has a number");
    else request.respond(`order ${order} of ${chat} arrives at 10:30`);
  },
});
console.log("delivery is there");
