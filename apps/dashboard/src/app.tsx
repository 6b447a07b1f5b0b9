/** The frame around every page: the name, the ways to go, and the page itself. */
import { useEffect, useRef } from "react";
import { SiteHeader } from "./components/site-header.tsx";
import { DatasetPage } from "./pages/dataset.tsx";
import { DatasetsPage } from "./pages/datasets.tsx";
import { ExperimentPage } from "./pages/experiment.tsx";
import { ExperimentsPage } from "./pages/experiments.tsx";
import { NewExperimentPage } from "./pages/new-experiment.tsx";
import { UnknownPage } from "./pages/unknown.tsx";
import { WorkersPage } from "./pages/workers.tsx";
import { useRoute } from "./router.tsx";
import type { Route } from "./routes.ts";

export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const address = JSON.stringify(route);
  const first = useRef(address);
  useEffect(() => {
    // A changed page takes the focus, so that a screen reader begins to read it; the first one does not.
    if (first.current !== address) main.current?.focus();
    first.current = "";
  }, [address]);
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <SiteHeader route={route} />
      <main id="main" ref={main} tabIndex={-1}>
        <PageOf route={route} />
      </main>
    </>
  );
}

function PageOf({ route }: { route: Route }) {
  switch (route.page) {
    case "experiments":
      return <ExperimentsPage />;
    case "experiment":
      return <ExperimentPage key={route.id} id={route.id} />;
    case "new":
      return <NewExperimentPage key={JSON.stringify(route)} query={route} />;
    case "datasets":
      return <DatasetsPage />;
    case "dataset":
      return <DatasetPage key={route.id} id={route.id} />;
    case "workers":
      return <WorkersPage />;
    case "unknown":
      return <UnknownPage path={route.path} />;
    default:
      return route satisfies never;
  }
}
