// The connection of the examples in Node, with the variables that recado itself reads: NATS_URL, NATS_CREDS, NATS_CA,
// NATS_INBOX_PREFIX, and NATS_TOKEN.
import { connect, credsAuthenticator } from "@nats-io/transport-node";
import { readFileSync } from "node:fs";

export function connectToBus(env = process.env) {
  // The client takes no user and password in an address: they are options of their own.
  const urls = (env.NATS_URL ?? "nats://localhost:4222").split(",").map((url) => new URL(url.trim()));
  const [user, pass] = [urls[0].username, urls[0].password].map(decodeURIComponent);
  return connect({
    servers: urls.map((url) => url.host),
    ...(pass ? { user, pass } : { token: env.NATS_TOKEN || user || undefined }),
    ...(env.NATS_CREDS && { authenticator: credsAuthenticator(readFileSync(env.NATS_CREDS)) }),
    ...(env.NATS_CA ? { tls: { caFile: env.NATS_CA } } : urls[0].protocol === "tls:" && { tls: {} }),
    inboxPrefix: env.NATS_INBOX_PREFIX || "_INBOX",
  });
}
