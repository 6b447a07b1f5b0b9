/** Who asks, and what they may do: API keys checked before anything else is done for a request. */
import { timingSafeEqual } from "node:crypto";
import {
  type KeyId,
  type KeyScope,
  keyHash,
  keyIdOf,
  keyScopes,
  localOwner,
  type OwnerId,
  RightsizeError,
  type Store,
} from "@rightsize/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

export interface Caller {
  readonly owner: OwnerId;
  /** null in a service without keys. */
  readonly keyId: KeyId | null;
  readonly scopes: readonly KeyScope[];
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null for addresses that anybody may ask. */
    caller: Caller | null;
  }
}

/** Without keys whoever reaches the service (on loopback only) is its one owner. */
const localCaller: Caller = { owner: localOwner, keyId: null, scopes: keyScopes };

/** A service that had no key a moment ago is asked again after this, in milliseconds. */
const lookAgainMs = 1000;
/** Uses of a key are noted at most this often by this process, in milliseconds. */
const noteEveryMs = 60_000;

export interface Access {
  /** Whether requests need a key: it was configured, or there is one in the database. Never becomes false again. */
  required(): Promise<boolean>;
  /** This process made a key: nobody goes on without one for the moment that is left until it would look again. */
  keyMade(): void;
}

export function createAccess(store: Store, requireKeys: boolean, now: () => number = () => performance.now()): Access {
  let required = requireKeys;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async required() {
      if (required || now() - lookedAt < lookAgainMs) return required;
      if (await store.keys.any()) required = true;
      lookedAt = now();
      return required;
    },
    keyMade() {
      required = true;
    },
  };
}

/** The scope that a route needs; null for those that anybody may ask. Every address of /v1 needs one, whoever adds it. */
export function scopeOf(method: string, routeUrl: string): KeyScope | null {
  if (!/^\/v1(\/|$)/.test(routeUrl)) return null;
  if (/^\/v1\/artifacts(\/|$)/.test(routeUrl)) return "worker";
  if (/^\/v1\/keys(\/|$)/.test(routeUrl)) return "admin";
  // Questions with a body: they change nothing.
  if (/\/(replay|predict)$/.test(routeUrl)) return "read";
  return method === "GET" || method === "HEAD" || method === "OPTIONS" ? "read" : "write";
}

/** Sets `request.caller`, or refuses: 401 without a usable key, 403 without the route's scope. */
export function addAccess(app: FastifyInstance, store: Store, access: Access): void {
  const noted = new Map<KeyId, number>();
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request, reply) => {
    // The matched route's pattern, not the address, which can be written in many ways.
    const scope = scopeOf(request.method, request.routeOptions.url ?? "");
    if (scope === null) return;
    try {
      const caller = (await access.required()) ? await callerOf(request, store) : localCaller;
      if (!caller.scopes.includes(scope)) throw withoutScope(caller, scope);
      request.caller = caller;
      if (caller.keyId !== null) note(caller.keyId);
    } catch (error) {
      closeUnread(request, reply);
      if (error instanceof RightsizeError && error.code === "unauthorised")
        void reply.header("www-authenticate", 'Bearer realm="rightsize"');
      throw error;
    }
  });

  function note(id: KeyId): void {
    const nowMs = performance.now();
    if (nowMs - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < noteEveryMs) return;
    noted.set(id, nowMs);
    // No request waits for it, and none fails by it.
    store.keys.used(id).catch((error: unknown) => {
      noted.delete(id);
      app.log.warn({ err: error, key: id }, "the use of a key could not be noted");
    });
  }
}

async function callerOf(request: FastifyRequest, store: Store): Promise<Caller> {
  const header = request.headers.authorization;
  if (header === undefined) throw unauthorised("This service needs an API key.", "no Authorization header");
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  const id = token === undefined ? null : keyIdOf(token);
  if (token === undefined || id === null) throw unauthorised("What was sent is no API key: one starts with rsk_.", "another kind of text");
  const found = await store.keys.find(id);
  // The hash is computed either way: the time to answer tells nothing of which ids exist.
  const given = Buffer.from(await keyHash(token), "hex");
  if (found === null || !timingSafeEqual(given, Buffer.from(found.hash, "hex"))) {
    throw unauthorised("The API key is not one of this service.", "a key that isn't known");
  }
  if (!found.usable) {
    const why = found.key.revokedAt === null ? "has expired" : "was revoked";
    throw unauthorised(`The API key ${why}.`, `a key that ${why}`);
  }
  return { owner: found.key.owner, keyId: id, scopes: found.key.scopes };
}

function unauthorised(detail: string, received: string): RightsizeError {
  return new RightsizeError("unauthorised", detail, {
    issues: [{ where: "header authorization", received, required: "Bearer rsk_…, a key made with `rightsize keys create`" }],
  });
}

function withoutScope({ scopes }: Caller, scope: KeyScope): RightsizeError {
  return new RightsizeError("forbidden", `The API key doesn't have the scope ${scope}.`, {
    issues: [{ where: "the key's scopes", received: scopes.join(", "), required: scope }],
  });
}

/** The rest of an upload that nobody will read must not be taken for the next request. */
function closeUnread({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0) void reply.header("connection", "close");
}
