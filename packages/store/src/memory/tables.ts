/** Tables of the in-memory twin: maps whose changes are taken back when the change they belong to fails. */

/** What a running change did, newest last; taken back from the end. */
export type Journal = (() => void)[];

export class Table<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #journal: Journal;
  constructor(journal: Journal) {
    this.#journal = journal;
  }
  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }
  /** Rows are never changed in place: a new one takes the old one's place (and its position). */
  set(id: string, row: Row): Row {
    const before = this.#rows.get(id);
    const was = this.#rows.has(id);
    this.#rows.set(id, row);
    this.#journal.push(() => (was ? this.#rows.set(id, before as Row) : this.#rows.delete(id)));
    return row;
  }
  delete(id: string): void {
    if (!this.#rows.has(id)) return;
    const before = [...this.#rows];
    this.#rows.delete(id);
    this.#journal.push(() => {
      this.#rows.clear();
      for (const [key, row] of before) this.#rows.set(key, row);
    });
  }
  /** The id of the first row that fits, or null. */
  keyWhere(wanted: (row: Row) => boolean): string | null {
    for (const [id, row] of this.#rows) if (wanted(row)) return id;
    return null;
  }
  values(): Row[] {
    return [...this.#rows.values()];
  }
}
