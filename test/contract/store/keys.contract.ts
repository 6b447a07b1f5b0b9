/** The contract of KeyStore: what is kept of a key, and when it is no longer usable. */
import { type KeyId, type NewApiKey, newKey } from "@rightsize/core";
import { afterEach, describe, expect, test } from "vitest";
import { alice, bob, type OpenWorld, until, type World } from "./world.ts";

export function keysContract(open: OpenWorld): void {
  describe("API keys", () => {
    let world: World;
    afterEach(() => world.close());

    async function create(overrides: Partial<NewApiKey> = {}) {
      const { id, token, hash } = await newKey();
      const key = await world.store.keys.create({
        id,
        hash,
        owner: alice,
        name: "laptop",
        scopes: ["read"],
        validForMs: null,
        ...overrides,
      });
      return { id, token, hash, key };
    }

    test("a key is found by its id with the hash to compare with, and never with its token", async () => {
      world = await open();
      const { id, token, hash, key } = await create({ scopes: ["read", "write"] });
      expect(key).toMatchObject({
        id,
        owner: "alice",
        name: "laptop",
        scopes: ["read", "write"],
        expiresAt: null,
        lastUsedAt: null,
        revokedAt: null,
      });
      expect(await world.store.keys.find(id)).toEqual({ key, hash, usable: true });
      expect(JSON.stringify(await world.store.keys.list(alice))).not.toContain(hash);
      expect(JSON.stringify(await world.store.keys.find(id))).not.toContain(token);
      expect(await world.store.keys.find("key_0000000000000000" as KeyId)).toBeNull();
    });

    test("it is usable until it expires, by the database's clock", async () => {
      world = await open();
      const { id, key } = await create({ validForMs: 300 });
      expect(Date.parse(key.expiresAt ?? "") - Date.parse(key.createdAt)).toBeLessThanOrEqual(320);
      await world.pass(350);
      expect(await world.store.keys.find(id)).toMatchObject({ usable: false });
    });

    test("of many, those that are usable are told apart: not the revoked, the expired and the unknown", async () => {
      world = await open();
      const [lasting, ending, revoked, expired] = [
        await create(),
        await create({ validForMs: 60_000, owner: bob }),
        await create(),
        await create({ validForMs: 100 }),
      ];
      await world.store.keys.revoke(alice, revoked.id);
      await world.pass(150);
      const asked = [lasting, ending, revoked, expired].map(({ id }) => id);
      const usable = await world.store.keys.usableAmong([...asked, "key_0000000000000000" as KeyId]);
      expect([...usable].sort()).toEqual([lasting.id, ending.id].sort());
      expect(await world.store.keys.usableAmong([])).toEqual([]);
    });

    test("revoked, it is not usable any more, and stays in the list with the time of it", async () => {
      world = await open();
      const { id } = await create();
      const revoked = await world.store.keys.revoke(alice, id);
      expect(revoked?.revokedAt).not.toBeNull();
      await world.pass(5);
      expect(await world.store.keys.revoke(alice, id)).toEqual(revoked);
      expect(await world.store.keys.find(id)).toMatchObject({ usable: false });
      expect(await world.store.keys.list(alice)).toEqual([revoked]);
    });

    test("another owner neither sees nor revokes it", async () => {
      world = await open();
      const { id } = await create();
      expect(await world.store.keys.list(bob)).toEqual([]);
      expect(await world.store.keys.revoke(bob, id)).toBeNull();
      expect(await world.store.keys.find(id)).toMatchObject({ usable: true });
    });

    test("its last use is noted, at most once a minute", async () => {
      world = await open();
      const { id } = await create();
      await world.store.keys.used(id);
      const first = (await world.store.keys.find(id))?.key.lastUsedAt;
      expect(first).not.toBeNull();
      await world.pass(20);
      await world.store.keys.used(id);
      expect((await world.store.keys.find(id))?.key.lastUsedAt).toBe(first);
      await world.store.keys.used("key_0000000000000000" as KeyId);
    });

    test("that there is one is known for ever, also once it is revoked", async () => {
      world = await open();
      expect(await world.store.keys.any()).toBe(false);
      const { id } = await create();
      await world.store.keys.revoke(alice, id);
      expect(await world.store.keys.any()).toBe(true);
    });

    test("they are listed newest first", async () => {
      world = await open();
      const names = ["first", "second", "third"];
      for (const name of names) {
        await create({ name });
        await world.pass(2);
      }
      await until(async () => (await world.store.keys.list(alice)).length === 3);
      expect((await world.store.keys.list(alice)).map(({ name }) => name)).toEqual([...names].reverse());
    });
  });
}
