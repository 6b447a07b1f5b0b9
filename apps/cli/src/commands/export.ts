/** `rightsize export EXPERIMENT`: the delivered model as one zip file, checked against the hash that the service names. */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, clientOptions } from "../command.ts";
import { CliError, exitCodes } from "../errors.ts";
import { connect } from "./connect.ts";

export const exportModel: Command = {
  name: "export",
  usage: "EXPERIMENT [--out FILE]",
  summary: "Save an experiment's model: a zip file with an ONNX file that takes raw columns, a model card and snippets.",
  positionals: 1,
  options: {
    out: { type: "string", value: "FILE", help: "where to (rightsize-EXPERIMENT.zip)" },
    force: { type: "boolean", help: "replace a file that is there" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const id = invocation.required(0, "EXPERIMENT");
    const file = path.resolve(invocation.text("out") ?? `rightsize-${id.replaceAll(/[^\w-]/g, "_")}.zip`);
    const isThere = await stat(file).then(
      () => true,
      () => false,
    );
    if (isThere && !invocation.flag("force")) throw new CliError(`${file} is there already; --force replaces it.`, exitCodes.usage);
    const { bytes, sha256 } = await connect(invocation).model(id);
    const part = `${file}.${randomUUID().slice(0, 8)}.part`;
    try {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      const measured = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
          yield chunk;
        }
      };
      await pipeline(Readable.fromWeb(bytes), measured, createWriteStream(part, { flags: "wx" })).catch((error: unknown) => {
        throw new CliError(`${file} can't be written: ${error instanceof Error ? error.message : error}`);
      });
      const received = hash.digest("hex");
      if (sha256 !== null && received !== sha256)
        throw new CliError("The model arrived damaged: its hash is another than the service says. Try again.");
      await rename(part, file);
      if (output.json) output.line(JSON.stringify({ file, sizeBytes, sha256: received }));
      else output.line(`${file} (${Math.ceil(sizeBytes / 1024)} kB). Its README.md says how to predict with it.`);
    } finally {
      await rm(part, { force: true });
    }
  },
};
