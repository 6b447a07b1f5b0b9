// A data process that does what the file's name says, for tests of its supervision.
process.on("message", async ({ id, request }) => {
  const { name } = request;
  if (name === "crash") process.exit(7);
  if (name === "hang") return;
  if (name === "spin") for (;;);
  if (name === "heap") {
    const kept = [];
    for (;;) kept.push(new Array(1e5).fill(Math.random()));
  }
  if (name === "native") {
    globalThis.kept = Array.from({ length: 8 }, () => Buffer.alloc(64 * 2 ** 20, 1));
    return;
  }
  if (name === "refuse") {
    process.send({
      kind: "failed",
      id,
      error: { code: "unreadable_data", detail: "Row 3 is short.", issues: [{ where: "row 3", received: "2 cells", required: "4 cells" }] },
    });
    return;
  }
  process.send({ kind: "done", id, result: { format: `read ${name} by ${process.pid}`, secret: process.env.SECRET ?? "none" } });
});
process.on("disconnect", () => process.exit(0));
process.send({ kind: "ready" });
