/** The API's outer walls: headers for browsers, refusal of foreign pages, rate and pressure limits. */
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import underPressure from "@fastify/under-pressure";
import { RightsizeError } from "@rightsize/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Access } from "./access.ts";
import { isLoopback } from "./config.ts";
import type { AppSettings } from "./dependencies.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

export async function addSecurity(app: FastifyInstance, settings: AppSettings, access: Access): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
        imgSrc: ["'self'", "data:"],
        // Charts set widths and colours on their elements.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    },
    // Both make browsers insist on https, which this service doesn't speak itself: over plain http the page would stay blank.
    strictTransportSecurity: false,
    frameguard: { action: "deny" },
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });

  app.addHook("onRequest", async (request) => {
    // Health must be told also when the database can't be asked for keys.
    if (!isWatch(request) && !(await access.required())) refuseForeignPages(request);
  });

  if (settings.requestsPerMinute > 0) {
    await app.register(rateLimit, {
      max: settings.requestsPerMinute,
      timeWindow: 60_000,
      allowList: (request) => isWatch(request),
      keyGenerator: (request) => request.caller?.keyId ?? request.ip,
      errorResponseBuilder: (_request, context) =>
        new RightsizeError(
          "too_many_requests",
          `More than ${context.max} requests a minute came with this key or from this address; try again in ${context.after}.`,
        ),
    });
  }
  if (settings.maxEventLoopDelayMs > 0) {
    await app.register(underPressure, {
      maxEventLoopDelay: settings.maxEventLoopDelayMs,
      // The mean over five seconds: one long pause (a start on a busy machine) is no overload, and must not turn anybody away.
      sampleInterval: 5000,
      retryAfter: 5,
      pressureHandler: async (request, reply) => {
        if (isWatch(request)) return;
        void reply.header("retry-after", "5");
        throw new RightsizeError("unavailable", "The service has more to do than it can at the moment.");
      },
    });
  }
}

/** Health and metrics must be readable when all else is refused. */
function isWatch(request: FastifyRequest): boolean {
  return request.url.startsWith("/health/") || request.url === "/metrics";
}

/**
 * Without keys the browser of whoever runs the service is the danger: any page it shows could post to this address, and a
 * name that is made to point here (DNS rebinding) could read the answers. So: loopback names only, no cross-site changes.
 */
function refuseForeignPages(request: FastifyRequest): void {
  const host = hostName(request.headers.host);
  if (host !== null && !isLoopback(host)) {
    throw new RightsizeError("forbidden", "This service answers only to names of this machine, such as localhost.", {
      issues: [{ where: "header host", received: host.slice(0, 100), required: "localhost, 127.0.0.1 or [::1]" }],
    });
  }
  if (safeMethods.has(request.method)) return;
  const origin = request.headers.origin;
  const foreignOrigin = origin !== undefined && !isLoopback(hostName(origin.replace(/^[a-z]+:\/\//, "")) ?? "");
  if (foreignOrigin || request.headers["sec-fetch-site"] === "cross-site") {
    throw new RightsizeError("forbidden", "Pages of other sites may not change anything here.", {
      issues: [{ where: "header origin", received: (origin ?? "a cross-site request").slice(0, 100), required: "a page of this service" }],
    });
  }
}

/** The name in a Host header, without its port and the brackets of IPv6. */
function hostName(host: string | undefined): string | null {
  if (host === undefined || host === "") return null;
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return bracketed ? (bracketed[1] ?? "") : host.replace(/:\d*$/, "").toLowerCase();
}
