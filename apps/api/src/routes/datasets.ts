/** /v1/datasets: upload a table, list them, look at one and at its rows. */
import multipart from "@fastify/multipart";
import {
  datasetPageSchema,
  datasetRowsSchema,
  datasetViewSchema,
  experimentPageSchema,
  pageQuerySchema,
  rowsQuerySchema,
  sha256Schema,
  uploadOptionsSchema,
} from "@rightsize/contract";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ArtifactGate } from "../artifact-gate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";
import { fileTooLarge } from "../receive-file.ts";
import { receiveUpload } from "../receive-upload.ts";
import { deleteRemoved } from "../remove.ts";
import { storedColumns } from "../stored-columns.ts";
import { datasetUploader } from "../upload-dataset.ts";
import { datasetView } from "../views/dataset-view.ts";
import { experimentItems } from "../views/experiment-item.ts";

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

    app.get(
      "/v1/datasets/:id/experiments",
      {
        schema: documented("datasets", "Experiments about a dataset, newest first", {
          params: z.object({ id: sha256Schema }),
          querystring: pageQuerySchema,
          response: { 200: experimentPageSchema },
        }),
      },
      async (request) => {
        const { id } = request.params;
        const { limit, cursor } = request.query;
        const owner = ownerOf(request);
        if ((await deps.store.datasets.find(owner, id)) === null) throw notFound("dataset", id);
        const page = await deps.store.experiments.list(owner, { limit, cursor: cursor ?? null, dataset: id });
        return experimentItems(deps.store, page);
      },
    );

    app.get(
      "/v1/datasets/:id/rows",
      {
        schema: documented("datasets", "Some rows of a dataset, as text", {
          params: z.object({ id: sha256Schema }),
          querystring: rowsQuerySchema,
          response: { 200: datasetRowsSchema },
        }),
      },
      async (request) => {
        const { id } = request.params;
        const { offset, limit } = request.query;
        const dataset = await deps.store.datasets.find(ownerOf(request), id);
        if (dataset === null) throw notFound("dataset", id);
        const columnsPath = await storedColumns(deps.artifacts, dataset);
        const { rowCount, columns, rows } = await deps.dataProcess.previewRows({ columnsPath, first: offset, count: limit });
        return { dataset: id, offset, rowCount, columns: [...columns], rows: rows.map((row) => [...row]) };
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
    const limits = { files: 3, parts: 20, fields: 10, fieldSize: 10_000, fileSize: limitBytes + 1 };
    await app.register(multipart, { limits, throwFileSizeLimit: false });
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

    app.post(
      "/v1/datasets",
      {
        bodyLimit: limitBytes,
        schema: documented("datasets", "Upload a table", {
          description:
            "The file as the body, of any content type, with its name in `?name=`; or as the file of a multipart form, whose other fields " +
            "may say what the address may say. CSV or TSV, JSON (an array of objects), NDJSON and Parquet, plain or gzipped; images as a " +
            "form with two IDX files, plain or gzipped: images, then labels (in any order where the fields are named so). The same bytes " +
            "twice are one dataset: 200 instead of 201. Its id is the SHA-256 of the bytes; of a pair, of images followed by labels; of a " +
            "file with a declared dialect, of the bytes followed by the declaration in canonical JSON.",
          consumes: ["text/csv", "application/json", "application/octet-stream", "multipart/form-data"],
          querystring: uploadOptionsSchema,
          body: z.unknown().meta({ description: "The file's bytes" }),
          response: { 200: datasetViewSchema, 201: datasetViewSchema },
        }),
      },
      async (request, reply) => {
        const declared = Number(request.headers["content-length"]);
        // Whatever is wrong with an upload, its remaining bytes must not be read as the next request.
        try {
          if (!request.isMultipart() && declared > limitBytes) throw fileTooLarge(limitBytes);
          const { dataset, created } = await upload(ownerOf(request), receiveUpload(request, limitBytes));
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
