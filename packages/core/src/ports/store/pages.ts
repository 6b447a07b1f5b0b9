/** What every list of the store is asked for and answers, and what a deletion leaves. */
import type { Sha256 } from "../../ids.ts";

/** One page of a list, newest first; `cursor` of the answer is null on the last page. */
export interface PageRequest {
  readonly limit: number;
  /** Opaque text from the page before; null for the first. A cursor the store can't read throws `malformed_request`. */
  readonly cursor: string | null;
}
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/** What a deletion left to delete elsewhere. Bytes are deleted after the rows, so that a crash in between wastes room and loses nothing. */
export interface Removed {
  readonly artifacts: readonly Sha256[];
}
