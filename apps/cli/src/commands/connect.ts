/** The client for a command that talks to a running service. */
import { type Client, createClient } from "@rightsize/client";
import type { Invocation } from "../command.ts";

export function connect(invocation: Invocation): Client {
  return createClient({
    url: invocation.text("url") ?? invocation.config.url,
    key: invocation.text("key") ?? invocation.config.key,
    signal: invocation.interrupts.signal,
  });
}
