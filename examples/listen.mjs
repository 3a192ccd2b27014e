// Get every reply that recado writes, also those from while this program was away.
//
//     npm install
//     NATS_URL=nats://localhost:4222 node listen.mjs crm
//
// The name is the durable consumer's: start it again under the same name and it goes on where it stopped.
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connectToBus } from "./bus.mjs";

const [name] = process.argv.slice(2);
const bus = await connectToBus();
const streams = await jetstreamManager(bus, { checkAPI: false });
await streams.consumers.add("EVENTS", {
  durable_name: name,
  filter_subject: "evt.*.*.*.o.reply",
  ack_policy: AckPolicy.Explicit,
});
const replies = await jetstream(bus).consumers.get("EVENTS", name);
for await (const message of await replies.consume()) {
  let chat, text;
  try {
    ({ chat, text } = message.json());
  } catch (error) {
    console.error(`this is no reply, it is not asked for again: ${error}`);
    message.term();
    continue;
  }
  console.log(JSON.stringify({ chat, text }));
  // Acknowledged after the work is done: a crash before this line brings the reply again.
  message.ack();
}
