/** A small reader of server-sent events for tests. */
export interface Received {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: Record<string, unknown> | null;
  readonly comment: string | null;
}

export interface EventReader {
  readonly status: number;
  readonly messages: readonly Received[];
  /** Numbered events only. */
  ids(): number[];
  /** Resolves once so many messages satisfy the condition. */
  until(holds: (messages: readonly Received[]) => boolean, withinMs?: number): Promise<void>;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const control = new AbortController();
  const response = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal: control.signal });
  const messages: Received[] = [];
  const body = response.body;
  const ended = (async () => {
    if (body === null) return;
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        messages.push(...blocks.map(parse));
      }
    } catch (error) {
      if (!control.signal.aborted) throw error;
    }
  })();
  return {
    status: response.status,
    messages,
    ids: () => messages.flatMap(({ id }) => (id === null ? [] : [Number(id)])),
    async until(holds, withinMs = 15_000) {
      const deadline = Date.now() + withinMs;
      while (!holds(messages)) {
        if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(messages.slice(-5))}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    ended,
    close: () => control.abort(),
  };
}

function parse(block: string): Received {
  const field = (name: string) => {
    const line = block.split("\n").find((candidate) => candidate.startsWith(`${name}: `));
    return line === undefined ? null : line.slice(name.length + 2);
  };
  const data = field("data");
  return {
    id: field("id"),
    event: field("event"),
    data: data === null ? null : JSON.parse(data),
    comment: block.startsWith(":") ? block.slice(1).trim() : null,
  };
}
