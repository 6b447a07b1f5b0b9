/** The outbox in Postgres: rows leave it only after they were published, so each is published at least once. */
import type { OutboxItem, OutboxStore } from "@rightsize/core";
import type { Database } from "./database.ts";

export function postgresOutbox(database: Database): OutboxStore {
  return {
    async relay(limit, publish) {
      // A publisher's error is the caller's own: it passes unchanged.
      let failure: { readonly error: unknown } | null = null;
      try {
        return await database.transaction(async (sql) => {
          const items = await sql.query<OutboxItem & { assignmentId: OutboxItem["assignmentId"] }>(
            `SELECT assignment_id AS "assignmentId", dispatch, priority FROM outbox
             ORDER BY priority, created_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
            [limit],
          );
          if (items.length === 0) return 0;
          await publish(items).catch((error: unknown) => {
            failure = { error };
            throw error;
          });
          await sql.query(
            "DELETE FROM outbox USING unnest($1::text[], $2::int4[]) AS sent(id, dispatch) WHERE assignment_id = sent.id AND outbox.dispatch = sent.dispatch",
            [items.map((item) => item.assignmentId), items.map((item) => item.dispatch)],
          );
          return items.length;
        });
      } catch (error) {
        throw failure === null ? error : (failure as { readonly error: unknown }).error;
      }
    },
  };
}
