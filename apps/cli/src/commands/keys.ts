/** `rightsize keys`: makes, lists and revokes API keys, through a running service or in its database. */
import { type KeyView, keyRequestSchema } from "@rightsize/contract";
import { type Command, clientOptions, type Invocation } from "../command.ts";
import { usageError } from "../errors.ts";
import { databaseKeys } from "../keys/database-keys.ts";
import type { KeyDesk } from "../keys/key-desk.ts";
import { textTable } from "../render/text-table.ts";
import { connect } from "./connect.ts";

const actions = ["create", "list", "revoke"] as const;

export const keys: Command = {
  name: "keys",
  usage: "create --name NAME --scopes SCOPES | list | revoke KEY",
  summary: "API keys: make one (it is shown once), list them, revoke one. Once there is a key, every request needs one.",
  positionals: 2,
  options: {
    name: { type: "string", value: "NAME", help: "what the key is for" },
    scopes: { type: "string", value: "SCOPES", help: "read, write, worker, admin, separated by commas; none includes another" },
    expires: { type: "string", value: "TIME", help: "how long it is valid, for example 90d or 12h; left out: for ever" },
    data: { type: "string", value: "FOLDER", help: "in the database of a data folder whose service is stopped, without a key" },
    database: { type: "boolean", help: "in the database that DATABASE_URL names, without a key" },
    owner: { type: "string", value: "OWNER", help: "whose key, with --data or --database (local: who owns what was made without keys)" },
    ...clientOptions,
  },
  async run(invocation) {
    const action = actions.find((name) => name === invocation.required(0, "create, list or revoke"));
    if (action === undefined) throw usageError(`There is no "keys ${invocation.required(0, "")}": create, list or revoke.`, "keys");
    // Wrong usage is told before anything is opened.
    const work = { create: () => createIn(invocation), list: () => listIn(invocation), revoke: () => revokeIn(invocation) }[action]();
    const desk = await openDesk(invocation);
    try {
      await work(desk);
    } finally {
      await desk.close();
    }
  },
};

async function openDesk(invocation: Invocation): Promise<KeyDesk> {
  const { config } = invocation;
  const folder = invocation.text("data");
  const owner = invocation.text("owner");
  const direct = invocation.flag("database");
  if (direct && folder !== null) throw usageError("--data and --database name two databases.", "keys");
  if (direct && config.databaseUrl === null) throw usageError("--database needs DATABASE_URL to be set.", "keys");
  if (direct || folder !== null) return databaseKeys(direct ? config.databaseUrl : null, folder ?? config.dataFolder, owner ?? "local");
  if (owner !== null) throw usageError("--owner goes with --data or --database: a service makes keys of the asking key's owner.", "keys");
  const client = connect(invocation);
  return { create: client.createKey, list: client.keys, revoke: client.revokeKey, close: async () => {} };
}

function createIn(invocation: Invocation): (desk: KeyDesk) => Promise<void> {
  const name = invocation.text("name");
  const scopes = invocation.text("scopes");
  if (name === null) throw usageError("--name is missing.", "keys");
  if (scopes === null) throw usageError("--scopes is missing: read, write, worker, admin, separated by commas.", "keys");
  const request = { name, scopes: scopes.split(",").map((scope) => scope.trim()), validForDays: daysOf(invocation.text("expires")) };
  const parsed = keyRequestSchema.safeParse(request);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw usageError(`This key can't be made:\n${lines.join("\n")}`, "keys");
  }
  return async (desk) => {
    const { output } = invocation;
    const made = await desk.create(parsed.data);
    if (output.json) return output.line(JSON.stringify(made));
    output.say(`${made.id} of ${made.owner}: ${made.scopes.join(", ")}; ${validity(made)}. The key, shown this once:`);
    output.line(made.key);
    output.say("Send it as `Authorization: Bearer <key>`, or set RIGHTSIZE_KEY. From now on every request of /v1 needs a key.");
  };
}

function listIn({ output }: Invocation): (desk: KeyDesk) => Promise<void> {
  return async (desk) => {
    const all = await desk.list();
    if (output.json) return output.line(JSON.stringify(all));
    if (all.length === 0) return output.say("There is no key.");
    const columns = ["Key", "Name", "Scopes", "Valid", "Last used", "Made"].map((head) => ({ head, align: "left" as const }));
    const rows = all.map((key) => [key.id, key.name, key.scopes.join(","), validity(key), minute(key.lastUsedAt), minute(key.createdAt)]);
    output.lines(textTable(columns, rows));
  };
}

function revokeIn(invocation: Invocation): (desk: KeyDesk) => Promise<void> {
  const id = invocation.required(1, "KEY");
  return async (desk) => {
    const revoked = await desk.revoke(id);
    if (invocation.output.json) invocation.output.line(JSON.stringify(revoked));
    else invocation.output.say(`${revoked.id} (${revoked.name}) is revoked.`);
  };
}

const hoursOf = { h: 1, d: 24, w: 7 * 24 } as const;

/** `90d`, `12h`, `2w` in days; null for ever. */
function daysOf(text: string | null): number | null {
  if (text === null) return null;
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw usageError(`--expires is "${text}": it takes a time such as 12h, 90d or 2w.`, "keys");
  return (Number(count) * hoursOf[unit as keyof typeof hoursOf]) / 24;
}

function validity(key: KeyView): string {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt === null ? "for ever" : `until ${minute(key.expiresAt)}`;
}

function minute(time: string | null): string {
  return time === null ? "never" : `${time.slice(0, 16).replace("T", " ")} UTC`;
}
