/** Datasets in Postgres: named by their bytes, so the same upload twice is one row for each owner. */
import type { DatasetStore } from "@rightsize/core";
import { pageOf, readCursor } from "../cursor.ts";
import type { Database } from "./database.ts";
import { isDuplicate } from "./errors.ts";
import { removeDataset } from "./remove.ts";
import { asDataset } from "./rows.ts";

export function postgresDatasets(database: Database): DatasetStore {
  const { prisma, guard } = database;
  const find = (owner: string, id: string) => prisma.dataset.findUnique({ where: { owner_id: { owner, id } } });
  return {
    put: (dataset) =>
      guard(async () => {
        const { columns, warnings, ...rest } = dataset;
        const data = { ...rest, warnings: [...warnings], columns: JSON.parse(JSON.stringify(columns)) };
        const row =
          (await find(dataset.owner, dataset.id)) ??
          (await prisma.dataset.create({ data }).catch(async (error: unknown) => {
            // Somebody put the same bytes at the same moment: theirs is the first.
            const first = isDuplicate(error) ? await find(dataset.owner, dataset.id) : null;
            if (first === null) throw error;
            return first;
          }));
        return asDataset(row);
      }),

    find: (owner, id) =>
      guard(async () => {
        const row = await find(owner, id);
        return row && asDataset(row);
      }),

    remove: (owner, id) => removeDataset(database, owner, id),

    list: (owner, page) =>
      guard(async () => {
        const after = page.cursor === null ? null : readCursor(page.cursor);
        const rows = await prisma.dataset.findMany({
          where: {
            owner,
            ...(after && { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] }),
          },
          orderBy: [{ createdAt: "desc" }, { id: "desc" }],
          take: page.limit + 1,
        });
        return pageOf(rows.map(asDataset), page.limit);
      }),
  };
}
