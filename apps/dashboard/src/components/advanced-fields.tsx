/** Everything that has a good default, folded away: split, training, columns, limits. */
import type { Draft } from "../request-draft.ts";
import { Check, Select, TextField } from "./fields.tsx";

/** Columns that may be chosen by a box each; a table of images has one a pixel. */
const mostChoices = 200;

interface Props {
  readonly draft: Draft;
  readonly columns: readonly string[];
  readonly change: (part: Partial<Draft>) => void;
}

export function AdvancedFields({ draft, columns, change }: Props) {
  return (
    <>
      <details>
        <summary>Rows to train, validate and test on</summary>
        <div className="fields">
          <TextField
            label="Validation, % of the rest"
            numeric
            value={draft.validationPercent}
            onChange={(value) => change({ validationPercent: value })}
            hint="decides the next size"
          />
          <TextField
            label="Test, % of all rows"
            numeric
            value={draft.testPercent}
            onChange={(value) => change({ testPercent: value })}
            hint="read once, at the end"
          />
          <TextField
            label="Seed"
            numeric
            value={draft.seed}
            onChange={(value) => change({ seed: value })}
            hint="the same seed gives the same table"
          />
        </div>
        <div className="fields">
          <TextField
            label="Splits"
            numeric
            value={draft.folds}
            placeholder="one"
            onChange={(value) => change({ folds: value })}
            hint="with several, each part of the rows validates once"
          />
        </div>
        <Check label="Keep class shares equal in every part" checked={draft.stratify} onChange={(stratify) => change({ stratify })} />
      </details>
      <details>
        <summary>Training</summary>
        <div className="fields">
          <TextField
            label="Learning rate"
            numeric
            value={draft.learningRates}
            placeholder="0.001"
            onChange={(value) => change({ learningRates: value })}
            hint="several, with commas, are tried at every size"
          />
          <TextField
            label="Epochs of a rate's probe"
            numeric
            value={draft.probeEpochs}
            placeholder="in full"
            onChange={(value) => change({ probeEpochs: value })}
            hint="each rate for so few; then the best is trained in full"
          />
          <TextField
            label="Patience, epochs"
            numeric
            value={draft.patience}
            placeholder="the search's own"
            onChange={(value) => change({ patience: value })}
          />
          <TextField
            label="Most epochs"
            numeric
            value={draft.maxEpochs}
            placeholder="the search's own"
            onChange={(value) => change({ maxEpochs: value })}
          />
          <TextField
            label="Rows a step"
            numeric
            value={draft.batchSize}
            placeholder="auto"
            onChange={(value) => change({ batchSize: value })}
          />
          <Select label="Optimizer" value={draft.optimizer} onChange={(value) => change({ optimizer: value as Draft["optimizer"] })}>
            <option value="">default (Adam)</option>
            <option value="sgd">SGD</option>
            <option value="adam">Adam</option>
            <option value="adamw">AdamW</option>
          </Select>
          <Select label="Activation" value={draft.activation} onChange={(value) => change({ activation: value as Draft["activation"] })}>
            <option value="">default (relu)</option>
            {["relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu"].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
          <TextField label="L2 penalty" numeric value={draft.l2} placeholder="0" onChange={(value) => change({ l2: value })} />
          <TextField
            label="Dropout, %"
            numeric
            value={draft.dropoutPercent}
            placeholder="0"
            onChange={(value) => change({ dropoutPercent: value })}
          />
          <Select label="Engine" value={draft.engine} onChange={(value) => change({ engine: value as Draft["engine"] })}>
            <option value="">default (onnx)</option>
            <option>onnx</option>
            <option>tensorflow</option>
          </Select>
        </div>
      </details>
      <details>
        <summary>Columns{draft.exclude.length > 0 && ` (${draft.exclude.length} left out)`}</summary>
        <div className="fields">
          <Select label="Scale numbers" value={draft.scale} onChange={(value) => change({ scale: value as Draft["scale"] })}>
            <option value="">default (standard)</option>
            <option>standard</option>
            <option>robust</option>
            <option>none</option>
          </Select>
        </div>
        <Check
          label="Learn the logarithm of the target (needs a target above 0)"
          checked={draft.logTarget}
          onChange={(logTarget) => change({ logTarget })}
        />
        {columns.length > mostChoices ? (
          <p className="quiet">{columns.length} columns are too many to choose from here; the request takes `features.exclude`.</p>
        ) : (
          <fieldset className="column-choice">
            <legend>Use these columns</legend>
            {columns
              .filter((name) => name !== draft.target)
              .map((name) => (
                <Check
                  key={name}
                  label={name}
                  checked={!draft.exclude.includes(name)}
                  onChange={(use) => change({ exclude: use ? draft.exclude.filter((other) => other !== name) : [...draft.exclude, name] })}
                />
              ))}
          </fieldset>
        )}
      </details>
      <details>
        <summary>Search, delivery and limits</summary>
        <div className="fields">
          <TextField
            label="Parameters of the preset, JSON"
            value={draft.parameters}
            placeholder="the search's own"
            onChange={(value) => change({ parameters: value })}
          />
          <Select
            label="Deliver"
            value={draft.delivery}
            onChange={(value) => change({ delivery: value as Draft["delivery"] })}
            hint="a mean of runs is steadier than one run alone"
          >
            <option value="">the search's own</option>
            <option value="mean_of_best">the mean of the best five runs</option>
            <option value="single">the best run alone</option>
          </Select>
          <TextField
            label="Most trials"
            numeric
            value={draft.maxTrials}
            placeholder="no limit"
            onChange={(value) => change({ maxTrials: value })}
          />
        </div>
      </details>
    </>
  );
}
