/** One line of the list of experiments. */
import type { ExperimentItem as Item } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { memo } from "react";
import { progressText } from "../experiment-list.ts";
import { counted, score } from "../format.ts";
import { Sparkline } from "../plots/bars.tsx";
import { Link } from "../router.tsx";
import { metricText, scoreMetric } from "../scores.ts";
import { useDatasetName } from "../use-dataset-name.ts";
import { StateMark } from "./state-mark.tsx";

interface Props {
  readonly item: Item;
  /** From 0; with `count`, told to screen readers, since most lines of a long list are not drawn. */
  readonly index: number;
  readonly count: number;
  /** Pixels from the list's upper edge. */
  readonly top: number;
  /** When it was asked, from now. */
  readonly asked: string;
}

/** Drawn again only when its experiment, its place or its age in words changes. */
export const ExperimentItem = memo(function ExperimentItem({ item, index, count, top, asked }: Props) {
  const datasetName = useDatasetName(item.dataset);
  const { scores, best } = item.summary;
  const metric = metricText(scoreMetric(item.task));
  return (
    <li className="experiment-item" aria-posinset={index + 1} aria-setsize={count} style={{ transform: `translateY(${top}px)` }}>
      <div className="item-name">
        <Link href={`/experiments/${item.id}`} title={item.name}>
          {item.name}
        </Link>
        <span className="quiet">
          {item.target} from {datasetName ?? `${item.dataset.slice(0, 10)}…`}
        </span>
      </div>
      <div className="item-state">
        <StateMark experiment={item} />
        <span className="quiet">{progressText(item)}</span>
      </div>
      <div className="item-spark">
        <Sparkline values={scores} label={`${metric} of ${counted(scores.length, "trial")}`} />
      </div>
      <div className="item-best">
        {best !== null && (
          <>
            <b title={metric}>{score(best.score)}</b>
            <span className="quiet">{capacityText(best)}</span>
          </>
        )}
      </div>
      <time className="item-time quiet" dateTime={item.createdAt}>
        {asked}
      </time>
    </li>
  );
});
