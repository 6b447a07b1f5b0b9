/** The reader of server-sent events: any cutting of the same bytes gives the same messages. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSseParser, type SseMessage } from "../src/sse.ts";

const read = (...pieces: string[]): SseMessage[] => {
  const parser = createSseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe("a stream of events", () => {
  it("gives a message's kind, number and data", () => {
    expect(read('id: 7\nevent: run.ended\ndata: {"a":1}\n\n')).toEqual([{ event: "run.ended", data: '{"a":1}', id: "7" }]);
  });
  it("joins several lines of data", () => {
    expect(read("data: a\ndata: b\n\n")[0]?.data).toBe("a\nb");
  });
  it("skips comments and messages without data", () => {
    expect(read(": heartbeat\n\nevent: nothing\n\ndata: x\n\n")).toEqual([{ event: "message", data: "x", id: null }]);
  });
  it("drops a message that the connection cut off", () => {
    expect(read('id: 9\ndata: {"half')).toEqual([]);
  });
  it("doesn't carry one message's number over to the next", () => {
    expect(read("id: 1\ndata: a\n\ndata: b\n\n").map((message) => message.id)).toEqual(["1", null]);
  });
  it("remembers how long the server asks to wait", () => {
    const parser = createSseParser();
    parser.push("retry: 1500\n\n");
    expect(parser.retryMs()).toBe(1500);
  });
  it("reads the same whatever the pieces and line ends", () => {
    const text = 'retry: 10\n\n: c\nid: 1\nevent: epochs\ndata: {"x":\ndata: 2}\n\nid: 2\ndata: é\n\n';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), fc.constantFrom("\n", "\r\n", "\r"), (cuts, end) => {
        const whole = text.replaceAll("\n", end);
        const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place));
        // A lone carriage return at the very end waits for its partner; one more piece settles it.
        expect(read(...pieces, ": end\n")).toEqual(read(text));
      }),
    );
  });
});
