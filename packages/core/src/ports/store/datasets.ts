/** The store of datasets: immutable, each once for an owner. */
import type { OwnerId, Sha256 } from "../../ids.ts";
import type { Dataset } from "../../records.ts";
import type { Page, PageRequest, Removed } from "./pages.ts";

export interface DatasetStore {
  /** Idempotent by (owner, id): the same bytes twice are one dataset; the first record stays and is returned. */
  put(dataset: Omit<Dataset, "createdAt">): Promise<Dataset>;
  find(owner: OwnerId, id: Sha256): Promise<Dataset | null>;
  list(owner: OwnerId, page: PageRequest): Promise<Page<Dataset>>;
  /** Deletes it and says which artifacts nothing refers to any more. null when there is none; `conflict` while an experiment of the owner is about it. */
  remove(owner: OwnerId, id: Sha256): Promise<Removed | null>;
}
