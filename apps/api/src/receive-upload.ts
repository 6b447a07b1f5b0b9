/** An upload's request as files in a folder and what was said of them: a body that is the file, or a form with one file or two. */
import path from "node:path";
import type { Readable } from "node:stream";
import { delimiterCharacter, type UploadOptions, uploadOptionsSchema } from "@rightsize/contract";
import { RightsizeError, type Sha256 } from "@rightsize/core";
import type { DeclaredDialect } from "@rightsize/data";
import type { FastifyRequest } from "fastify";
import { receiveFile } from "./receive-file.ts";
import { validationError } from "./validation.ts";

export interface ReceivedFile {
  readonly path: string;
  readonly hash: Sha256;
  readonly sizeBytes: number;
}

export interface ReceivedUpload {
  /** One table, or images and labels, in this order. */
  readonly files: readonly [ReceivedFile] | readonly [ReceivedFile, ReceivedFile];
  /** What the sender calls it; anything, even a path. */
  readonly name: string | null;
  readonly contentType: string | null;
  readonly dialect: DeclaredDialect;
}

/** Streams the request's files into `folder`. Throws `too_large`, `malformed_request`, `unreadable_data` or `invalid_request`. */
export type Receive = (folder: string) => Promise<ReceivedUpload>;

export function receiveUpload(request: FastifyRequest<{ Querystring: UploadOptions }>, limitBytes: number): Receive {
  return async (folder) =>
    request.isMultipart() ? await receiveForm(request, folder, limitBytes) : await receiveBody(request, folder, limitBytes);
}

async function receiveBody(
  request: FastifyRequest<{ Querystring: UploadOptions }>,
  folder: string,
  limitBytes: number,
): Promise<ReceivedUpload> {
  const bytes = request.body as Readable | undefined;
  if (bytes === undefined) throw noFile("an empty request");
  const file = await receive(bytes, path.join(folder, "upload"), limitBytes);
  const { name, ...declared } = request.query;
  return { files: [file], name: name ?? null, contentType: request.headers["content-type"] ?? null, dialect: dialectOf(declared) };
}

/** A form's fields say what the address may say too; where both do, the form's hold. */
async function receiveForm(
  request: FastifyRequest<{ Querystring: UploadOptions }>,
  folder: string,
  limitBytes: number,
): Promise<ReceivedUpload> {
  const files: { file: ReceivedFile; field: string; name: string | undefined; contentType: string }[] = [];
  const fields: Record<string, unknown> = {};
  const parts = request.parts();
  for (;;) {
    const next = await parts.next().catch((error: unknown) => {
      // The parser's own errors carry no status.
      if (error instanceof Error && "statusCode" in error) throw error;
      throw new RightsizeError("malformed_request", "The body isn't the multipart form that its content type says.", { cause: error });
    });
    if (next.done) break;
    const part = next.value;
    if (part.type === "field") {
      if (Object.hasOwn(uploadOptionsSchema.shape, part.fieldname)) fields[part.fieldname] = part.value;
      continue;
    }
    if (files.length === 2) throw tooManyFiles();
    const file = await receive(part.file, path.join(folder, `upload-${files.length}`), limitBytes);
    files.push({ file, field: part.fieldname, name: part.filename, contentType: part.mimetype });
  }
  const parsed = uploadOptionsSchema.safeParse(fields);
  if (!parsed.success) throw validationError(parsed.error.issues, fields, "body");
  const { name, ...declared } = { ...withoutUndefined(request.query), ...withoutUndefined(parsed.data) };
  const dialect = dialectOf(declared);
  // Images come first, whatever the form's order, where its fields say which file is which.
  const [first, second] = files[0]?.field === "labels" && files[1]?.field === "images" ? files.toReversed() : files;
  if (first === undefined) throw noFile("a form without a file");
  const shown = { name: name ?? first.name ?? null, contentType: first.contentType, dialect };
  if (second === undefined) return { files: [first.file], ...shown };
  if (Object.keys(dialect).length > 0) {
    throw new RightsizeError("invalid_request", "Only CSV is written in dialects, and these are two files.", {
      issues: [{ where: Object.keys(declared)[0] ?? "the form", received: "a declaration for images and labels", required: "none" }],
    });
  }
  return { files: [first.file, second.file], ...shown };
}

async function receive(source: Readable, filePath: string, limitBytes: number): Promise<ReceivedFile> {
  const received = await receiveFile(source, filePath, limitBytes);
  if (received.sizeBytes > 0) return { path: filePath, ...received };
  throw new RightsizeError("unreadable_data", "The file is empty.", {
    issues: [{ where: "the file", received: "0 bytes", required: "a table with a header and at least one row" }],
  });
}

function dialectOf({ header, delimiter, decimal, quote }: Omit<UploadOptions, "name">): DeclaredDialect {
  return {
    ...(header === undefined ? {} : { header }),
    ...(delimiter === undefined ? {} : { delimiter: delimiterCharacter(delimiter) }),
    ...(decimal === undefined ? {} : { decimalComma: decimal === "," }),
    ...(quote === undefined ? {} : { quote }),
  };
}

const withoutUndefined = (options: UploadOptions): UploadOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as UploadOptions;

function noFile(received: string): RightsizeError {
  return new RightsizeError("unreadable_data", "The request holds no file.", {
    issues: [
      { where: "the body", received, required: "the file's bytes, or a multipart form with a file (two for IDX images and labels)" },
    ],
  });
}

function tooManyFiles(): RightsizeError {
  return new RightsizeError("invalid_request", "The form holds too many files.", {
    issues: [{ where: "the body", received: "a third file", required: "one table, or two IDX files: images and labels" }],
  });
}
