/** Keys in a database itself: for the first key, for another owner's, and when the last admin key is lost. Who can open it needs no key. */
import { type ApiKey, type KeyId, newKey, type OwnerId } from "@rightsize/core";
import { CliError } from "../errors.ts";
import { claimDataFolder } from "../launcher/claim-data-folder.ts";
import { openDatabase } from "../launcher/open-database.ts";
import type { KeyDesk } from "./key-desk.ts";

const dayMs = 86_400_000;

/** `databaseUrl` null opens the embedded Postgres of the data folder, which no service may be using. */
export async function databaseKeys(databaseUrl: string | null, dataFolder: string, ownerName: string): Promise<KeyDesk> {
  const owner = ownerName as OwnerId;
  const claim = databaseUrl === null ? await claimDataFolder(dataFolder) : null;
  const closing: (() => Promise<unknown>)[] = [async () => claim?.release()];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const database = await openDatabase(databaseUrl, dataFolder);
    closing.push(() => database.stop());
    const { createPostgresStore } = await import("@rightsize/store");
    const store = await createPostgresStore({ url: database.url, poolSize: 1 });
    closing.push(() => store.close());
    return {
      async create({ name, scopes, validForDays }) {
        const { id, token, hash } = await newKey();
        const validForMs = validForDays == null ? null : Math.round(validForDays * dayMs);
        return { ...view(await store.keys.create({ id, owner, name, hash, scopes, validForMs })), key: token };
      },
      list: async () => (await store.keys.list(owner)).map(view),
      async revoke(id) {
        const key = await store.keys.revoke(owner, id as KeyId);
        if (key === null) throw new CliError(`${owner} has no key ${id}. rightsize keys list shows the keys.`);
        return view(key);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function view(key: ApiKey) {
  return { ...key, scopes: [...key.scopes] };
}
