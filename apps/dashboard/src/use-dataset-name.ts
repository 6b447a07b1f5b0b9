/** A dataset's name by its id; asked once, since datasets never change. */
import { useEffect, useState } from "react";
import { api } from "./api-client.ts";

const names = new Map<string, Promise<string>>();

/** The name, or null while it isn't known (or can't be read). */
export function useDatasetName(id: string): string | null {
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    let shown = true;
    const asked = names.get(id) ?? api.dataset(id).then((dataset) => dataset.name);
    names.set(id, asked);
    asked.then(
      (found) => {
        if (shown) setName(found);
      },
      () => names.delete(id),
    );
    return () => {
      shown = false;
    };
  }, [id]);
  return name;
}

/** Remembers names that a list has brought already. */
export function rememberDatasetNames(datasets: readonly { readonly id: string; readonly name: string }[]): void {
  for (const { id, name } of datasets) names.set(id, Promise.resolve(name));
}
