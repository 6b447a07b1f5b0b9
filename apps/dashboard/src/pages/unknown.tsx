/** For addresses that name no page. */
import { EmptyNote } from "../components/notes.tsx";
import { Link } from "../router.tsx";

export function UnknownPage({ path }: { path: string }) {
  return (
    <EmptyNote title="There is no such page">
      <p>
        Nothing stands at <code>{path}</code>. <Link href="/">All experiments</Link>
      </p>
    </EmptyNote>
  );
}
