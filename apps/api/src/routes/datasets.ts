/** /v1/datasets: upload a table, list them, look at one. */

import type { Readable } from "node:stream";
import multipart from "@fastify/multipart";
import { datasetPageSchema, datasetViewSchema, pageQuerySchema, sha256Schema } from "@rightsize/contract";
import { RightsizeError } from "@rightsize/core";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ArtifactGate } from "../artifact-gate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { fileTooLarge } from "../receive-file.ts";
import { deleteRemoved } from "../remove.ts";
import { datasetUploader, type Upload } from "../upload-dataset.ts";
import { datasetView } from "../views/dataset-view.ts";

export const datasetRoutes =
  (deps: ApiDependencies, gate: ArtifactGate): FastifyPluginAsyncZod =>
  async (app) => {
    await app.register(uploadRoute(deps, gate));

    app.delete(
      "/v1/datasets/:id",
      {
        schema: documented("datasets", "Delete a dataset", {
          description: "409 while there is an experiment about it, ended or not: delete that first.",
          params: z.object({ id: sha256Schema }),
          response: { 204: z.null().meta({ description: "It is gone" }) },
        }),
      },
      async (request, reply) => {
        const { id } = request.params;
        await gate.deleting(async () => {
          const removed = await deps.store.datasets.remove(ownerOf(request), id);
          await deleteRemoved("dataset", id, removed, { artifacts: deps.artifacts, log: request.log });
        });
        return reply.code(204).send(null);
      },
    );

    app.get(
      "/v1/datasets",
      {
        schema: documented("datasets", "List datasets, newest first", {
          querystring: pageQuerySchema,
          response: { 200: datasetPageSchema },
        }),
      },
      async (request) => {
        const { limit, cursor } = request.query;
        const page = await deps.store.datasets.list(ownerOf(request), { limit, cursor: cursor ?? null });
        return { items: page.items.map(datasetView), cursor: page.cursor };
      },
    );

    app.get(
      "/v1/datasets/:id",
      {
        schema: documented("datasets", "One dataset with its columns", {
          params: z.object({ id: sha256Schema }),
          response: { 200: datasetViewSchema },
        }),
      },
      async (request) => {
        const dataset = await deps.store.datasets.find(ownerOf(request), request.params.id);
        if (dataset === null) throw notFound("dataset", request.params.id);
        return datasetView(dataset);
      },
    );
  };

/** The upload lives in a scope of its own, where any content type is a stream and not a body to parse. */
const uploadRoute =
  (deps: ApiDependencies, gate: ArtifactGate): FastifyPluginAsyncZod =>
  async (app) => {
    const upload = datasetUploader(deps, gate);
    const limitBytes = deps.settings.uploadLimitBytes;
    app.removeAllContentTypeParsers();
    // One byte more than allowed, so that a file that is too large is seen as such and not silently cut.
    const limits = { files: 1, parts: 20, fields: 10, fieldSize: 10_000, fileSize: limitBytes + 1 };
    await app.register(multipart, { limits, throwFileSizeLimit: false });
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

    app.post(
      "/v1/datasets",
      {
        bodyLimit: limitBytes,
        schema: documented("datasets", "Upload a table", {
          description:
            "The file as the body, of any content type, with its name in `?name=`; or as the one file of a multipart form. " +
            "CSV, JSON, Parquet and what the documentation lists. The same bytes twice are one dataset: 200 instead of 201.",
          consumes: ["text/csv", "application/json", "application/octet-stream", "multipart/form-data"],
          querystring: z.object({ name: z.string().max(1000).optional() }),
          body: z.unknown().meta({ description: "The file's bytes" }),
          response: { 200: datasetViewSchema, 201: datasetViewSchema },
        }),
      },
      async (request, reply) => {
        const declared = Number(request.headers["content-length"]);
        // Whatever is wrong with an upload, its remaining bytes must not be read as the next request.
        try {
          if (!request.isMultipart() && declared > limitBytes) throw fileTooLarge(limitBytes);
          const { dataset, created } = await upload({ owner: ownerOf(request), ...(await fileOf(request)) });
          if (created) request.log.info({ dataset: dataset.id, rows: dataset.rowCount, bytes: dataset.sizeBytes }, "dataset uploaded");
          return reply
            .code(created ? 201 : 200)
            .header("location", `/v1/datasets/${dataset.id}`)
            .send(datasetView(dataset));
        } catch (error) {
          if (!request.raw.readableEnded) void reply.header("connection", "close");
          throw error;
        }
      },
    );
  };

async function fileOf(request: FastifyRequest<{ Querystring: { name?: string | undefined } }>): Promise<Omit<Upload, "owner">> {
  if (!request.isMultipart()) {
    const bytes = request.body as Readable | undefined;
    if (bytes === undefined) throw noFile("an empty request");
    return { bytes, name: request.query.name ?? null, contentType: request.headers["content-type"] ?? null };
  }
  const part = await request.file().catch((error: unknown) => {
    // The parser's own errors carry no status.
    if (error instanceof Error && "statusCode" in error) throw error;
    throw new RightsizeError("malformed_request", "The body isn't the multipart form that its content type says.", { cause: error });
  });
  if (part === undefined) throw noFile("a form without a file");
  return { bytes: part.file, name: request.query.name ?? part.filename, contentType: part.mimetype };
}

function noFile(received: string): RightsizeError {
  return new RightsizeError("unreadable_data", "The request holds no file.", {
    issues: [{ where: "the body", received, required: "the file's bytes, or a multipart form with one file" }],
  });
}
