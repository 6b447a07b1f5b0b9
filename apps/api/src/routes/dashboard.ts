/** The dashboard's built files, and its one page for every address that is a page of it. */
import { existsSync } from "node:fs";
import path from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { notFound, sendProblem } from "../problems.ts";

/** Addresses that are the API's: what isn't there is a problem and never a page. */
const apiAddress = /^\/(v1|health|metrics|docs|openapi\.json)(\/|$|\?)/;

/** Also sets the app's answer to unknown routes, so it goes last. */
export async function addDashboard(app: FastifyInstance, folder: string | null): Promise<void> {
  const built = folder !== null && existsSync(path.join(folder, "index.html"));
  if (built) {
    await app.register(fastifyStatic, {
      root: folder,
      wildcard: true,
      index: ["index.html"],
      cacheControl: false,
      // The build wrote the bundles gzipped beside themselves.
      preCompressed: true,
      setHeaders: (reply, file) => {
        // Bundles carry their hash in their name; the page that names them must always be asked for.
        const hashed = path.basename(path.dirname(file)) === "assets";
        void reply.header("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  } else {
    app.get("/", { schema: { hide: true } as object }, (_request, reply) => reply.redirect("/docs"));
  }
  app.setNotFoundHandler((request, reply) => {
    if (built && isPage(request)) return reply.header("cache-control", "no-cache").sendFile("index.html");
    return sendProblem(unknownRoute(request), request, reply);
  });
}

/** What a browser asks for when a person opens or reloads an address of the dashboard. */
function isPage(request: FastifyRequest): boolean {
  const [address = ""] = request.url.split("?");
  const asksForPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  return asksForPage && !apiAddress.test(request.url) && path.extname(address) === "";
}

function unknownRoute(request: FastifyRequest) {
  return notFound("route", `${request.method} ${(request.url.split("?")[0] ?? "").slice(0, 200)}`);
}
