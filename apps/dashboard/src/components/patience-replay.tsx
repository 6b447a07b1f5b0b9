/** A slider that replays early stopping: what each trial would have scored, had training waited for fewer epochs. */
import { useId, useMemo, useState } from "react";
import { count, score } from "../format.ts";
import { type PatiencePoint, replayTrials } from "../patience.ts";

interface Props {
  readonly curves: readonly { readonly trialId: string; readonly label: string; readonly points: readonly PatiencePoint[] }[];
  readonly patience: number;
  readonly minDelta: number;
  readonly factor: number;
  readonly metric: string;
}

export function PatienceReplay({ curves, patience, minDelta, factor, metric }: Props) {
  const id = useId();
  const [chosen, setChosen] = useState(Math.max(1, Math.round(patience / 4)));
  const story = useMemo(() => replayTrials(curves, chosen, patience, minDelta), [curves, chosen, patience, minDelta]);
  if (story === null || patience < 2) return null;
  const fewer = Math.round(100 * (1 - story.replayedEpochs / Math.max(1, story.trainedEpochs)));
  return (
    <section className="replay" aria-labelledby={`${id}-title`}>
      <div className="section-line">
        <h2 id={`${id}-title`}>With less patience</h2>
        <label className="slider">
          Patience
          <input type="range" min={1} max={patience} value={chosen} onChange={(event) => setChosen(Number(event.target.value))} />
          <output>
            {count(chosen)} of {count(patience)} epochs
          </output>
        </label>
      </div>
      <p className="quiet">The best run of each trial, replayed from its stored learning curve.</p>
      <p className="reason" role="status">
        {sentence(chosen, patience, fewer, story.trainedBest, story.replayedBest)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard. */}
      <section className="scroll" tabIndex={0} aria-label="Trials replayed">
        <table className="small-table">
          <thead>
            <tr>
              <th scope="col">Network</th>
              <th scope="col" className="number">
                {metric} as trained
              </th>
              <th scope="col" className="number">
                Epochs
              </th>
              <th scope="col" className="number">
                With patience {count(chosen)}
              </th>
              <th scope="col" className="number">
                Epochs
              </th>
              <th scope="col" className="number">
                Difference
              </th>
            </tr>
          </thead>
          <tbody>
            {story.trials.map(({ trialId, label, trained, replayed }) => {
              const percent = 100 * (replayed.bestLoss / trained.bestLoss - 1);
              return (
                <tr key={trialId}>
                  <th scope="row">{label}</th>
                  <td className="number">{score(trained.bestLoss * factor)}</td>
                  <td className="number">{count(trained.stopEpoch)}</td>
                  <td className="number">{score(replayed.bestLoss * factor)}</td>
                  <td className="number">{count(replayed.stopEpoch)}</td>
                  <td className="number">{percent < 0.05 ? <span className="quiet">none</span> : `${percent.toFixed(1)} % worse`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function sentence(chosen: number, patience: number, fewerPercent: number, trainedBest: string, replayedBest: string): string {
  if (chosen === patience) return `This is how it was trained: ${trainedBest} has the lowest loss.`;
  const cost = fewerPercent > 0 ? `Training would have taken ${fewerPercent} % fewer epochs` : "Training would have taken as long";
  return trainedBest === replayedBest
    ? `${cost}, and ${trainedBest} would still have the lowest loss.`
    : `${cost}, but ${replayedBest} would have looked best instead of ${trainedBest}.`;
}
