/** Where keys are made: a running service, or a database. */
import type { KeyRequest, KeyView, NewKeyView } from "@rightsize/contract";

export interface KeyDesk {
  create(request: KeyRequest): Promise<NewKeyView>;
  list(): Promise<readonly KeyView[]>;
  revoke(id: string): Promise<KeyView>;
  close(): Promise<void>;
}
