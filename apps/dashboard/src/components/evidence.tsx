/** What a decision looked at: the rule, the scores it read, the comparisons it made, and its other numbers. */
import type { Comparison, Evidence } from "@rightsize/core";
import { plainWords, score } from "../format.ts";

export function EvidenceView({ evidence }: { evidence: Evidence }) {
  const numbers = Object.entries(evidence.numbers);
  return (
    <dl className="evidence">
      <div>
        <dt>Rule</dt>
        <dd>{evidence.rule}</dd>
      </div>
      {evidence.scores.length > 0 && (
        <div>
          <dt>Scores read</dt>
          <dd>
            {evidence.scores.map((read) => (
              <span key={read.trial} className="evidence-item">
                trial {read.trial}: <b>{read.score === null ? "none" : score(read.score)}</b>
                {read.runs > 1 && <span className="quiet"> over {read.runs} runs</span>}
              </span>
            ))}
          </dd>
        </div>
      )}
      {evidence.comparisons.map((comparison) => (
        <div key={`${comparison.trial}-${comparison.against}`}>
          <dt>
            Trial {comparison.trial} against {comparison.against}
          </dt>
          <dd>{comparisonText(comparison)}</dd>
        </div>
      ))}
      {numbers.length > 0 && (
        <div>
          <dt>Numbers</dt>
          <dd>
            {numbers.map(([name, value]) => (
              <span key={name} className="evidence-item">
                {plainWords(name.replace(/([a-z])([A-Z])/g, "$1 $2"))}: <b>{score(value)}</b>
              </span>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Differences are of mean log loss: −0.02 is about 2 % better. */
function comparisonText(comparison: Comparison): string {
  const percent = (Math.exp(comparison.difference) - 1) * 100;
  const size = `${Math.abs(percent) < 0.05 ? "0.0" : Math.abs(percent).toFixed(1)} % ${percent < 0 ? "lower" : "higher"} loss`;
  const error = comparison.standardError === null ? "" : ` (standard error ${(comparison.standardError * 100).toFixed(1)} %)`;
  const verdict = comparison.verdict === null ? "" : `, ${comparison.verdict}`;
  const gap =
    comparison.verdict === "undecided" && comparison.detectableGap !== null
      ? `; a gap of ${(comparison.detectableGap * 100).toFixed(1)} % would have shown`
      : "";
  return `${size}${error}${verdict}${gap}`;
}
