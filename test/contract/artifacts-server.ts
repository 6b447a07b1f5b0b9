/** A small artifact API over a folder, as the real one behaves, whose network and answers can be made to fail. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type ArtifactStore, isSha256, RightsizeError } from "@rightsize/core";

/** Sees a request before it is served: `serve` lets it pass, else the fault has dealt with it. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => "serve" | undefined;

export interface ArtifactsServer {
  readonly baseUrl: string;
  readonly requests: string[];
  /** Asked for every request, in order, until it is set to null. */
  fault: Fault | null;
  close(): Promise<void>;
}

export async function startArtifactsServer(
  store: ArtifactStore,
  options: { readonly key?: string; readonly port?: number } = {},
): Promise<ArtifactsServer> {
  const requests: string[] = [];
  const statuses: Partial<Record<string, number>> = { artifact_missing: 404, invalid_request: 422, too_large: 413 };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.url?.replace("/v1/artifacts/", "") ?? "";
    if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) return answer(response, 401);
    if (!isSha256(id)) return answer(response, 422);
    switch (request.method) {
      case "HEAD":
        return answer(response, (await store.has(id)) ? 200 : 404);
      case "GET": {
        // Checked before the first byte leaves: afterwards a broken file could only be told from a broken network by its hash.
        await store.localPath(id);
        const chunks = await store.stream(id);
        response.writeHead(200, { "content-type": "application/octet-stream" });
        for await (const chunk of chunks) response.write(chunk);
        response.end();
        return;
      }
      case "PUT": {
        const wasThere = await store.has(id);
        const stored = await store.put(request, { maxBytes: 50_000_000 });
        if (stored.id === id) return answer(response, wasThere ? 200 : 201);
        await store.delete(stored.id);
        return answer(response, 422);
      }
      case "DELETE":
        await store.delete(id);
        return answer(response, 204);
      default:
        return answer(response, 405);
    }
  }

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.slice(-8)}`);
    if (api.fault !== null && api.fault(request, response) !== "serve") return;
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof RightsizeError) answer(response, statuses[error.code] ?? 500, JSON.stringify({ code: error.code }));
      else answer(response, 500);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const api: ArtifactsServer = {
    baseUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    requests,
    fault: null,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return api;
}

export function answer(response: ServerResponse, status: number, body = ""): undefined {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(body);
}
