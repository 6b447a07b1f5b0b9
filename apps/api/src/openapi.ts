/** The OpenAPI document: written from the routes' own schemas, so it can't drift from them. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { problemSchema } from "@rightsize/contract";
import type { FastifyInstance, FastifySchema } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { z } from "zod";
import { scopeOf } from "./access.ts";
import { problemType } from "./problems.ts";

const tags = [
  { name: "datasets", description: "Uploaded tables, named by their SHA-256" },
  { name: "experiments", description: "A question about a dataset, its trials, decisions and events" },
  { name: "trials", description: "One capacity of an experiment, its runs and their epochs" },
  { name: "workers", description: "Who trains, and the bytes that workers need" },
  { name: "keys", description: "API keys, where the service asks for them" },
  { name: "service", description: "Health and metrics" },
] as const;
export type Tag = (typeof tags)[number]["name"];

const anyProblem = {
  description: "What is wrong, as RFC 9457 problem details",
  content: { [problemType]: { schema: problemSchema } },
};

interface RouteSchemas {
  readonly description?: string;
  readonly consumes?: string[];
  readonly body?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly params?: z.ZodType;
  readonly headers?: z.ZodType;
  readonly response: Record<number, z.ZodType | { description: string; content: Record<string, { schema: z.ZodType }> }>;
}

/** A route's schemas with its place in the document, and the problem that every route may answer. */
export function documented<const Schemas extends RouteSchemas>(tag: Tag, summary: string, schemas: Schemas) {
  return { ...schemas, tags: [tag], summary, response: { ...schemas.response, "4xx": anyProblem, "5xx": anyProblem } };
}

export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Rightsize",
        version,
        description: "Finds the right size for a neural network: upload a table, name the column to predict, read the trial table.",
      },
      tags: [...tags],
      components: {
        securitySchemes: {
          key: { type: "http", scheme: "bearer", description: "An API key, rsk_…; needed once the service has one" },
        },
      },
    },
    transform: (route) => withSecurity(jsonSchemaTransform(route), String(route.route.method)),
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: {
      "default-src": "'self'",
      "base-uri": "'none'",
      "object-src": "'none'",
      "frame-ancestors": "'none'",
      "img-src": ["'self'", "data:"],
      "style-src": ["'self'", "'unsafe-inline'"],
    },
  });
  app.get("/openapi.json", { schema: { hide: true } as object }, () => app.swagger());
}

/** Says of each route that needs a key which scope the key must have. */
function withSecurity(transformed: { schema: FastifySchema; url: string }, method: string): { schema: FastifySchema; url: string } {
  const scope = scopeOf(method, transformed.url);
  if (scope === null) return transformed;
  return { ...transformed, schema: { ...transformed.schema, security: [{ key: [scope] }] } };
}
