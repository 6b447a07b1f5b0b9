/** Everything that has a good default, folded away: split, training, columns, search, limits. */
import { type DraftProps, DraftSelect, DraftText, FormPart } from "./draft-fields.tsx";
import { Check } from "./fields.tsx";
import { SplitFields } from "./split-fields.tsx";

/** Columns that may be chosen by a box each; a table of images has one a pixel. */
const mostChoices = 200;

export function AdvancedFields({ columns, ...fields }: DraftProps & { columns: readonly string[] }) {
  return (
    <>
      <SplitFields columns={columns} {...fields} />
      <TrainingFields {...fields} />
      <ColumnFields columns={columns} {...fields} />
      <SearchFields {...fields} />
      <LimitFields {...fields} />
    </>
  );
}

const trainingNames = [
  "learningRates",
  "probeEpochs",
  "patience",
  "maxEpochs",
  "batchSize",
  "optimizer",
  "activation",
  "l2",
  "dropoutPercent",
  "engine",
] as const;

function TrainingFields(fields: DraftProps) {
  return (
    <FormPart title="Training" issues={fields.issues} names={trainingNames}>
      <div className="fields">
        <DraftText
          {...fields}
          name="learningRates"
          label="Learning rate, or several"
          placeholder="0.001"
          hint="several, as 0.01, 0.001, are a sweep: each is tried at every size"
        />
        <DraftText
          {...fields}
          name="probeEpochs"
          label="Epochs of a rate's probe"
          placeholder="in full"
          hint="each rate for so few; then the best is trained in full"
        />
        <DraftText {...fields} name="patience" label="Patience, epochs" placeholder="the search's own" />
        <DraftText {...fields} name="maxEpochs" label="Most epochs" placeholder="the search's own" />
        <DraftText {...fields} name="batchSize" label="Rows a step" placeholder="auto" />
        <DraftSelect {...fields} name="optimizer" label="Optimizer">
          <option value="">default (Adam)</option>
          <option value="sgd">SGD</option>
          <option value="adam">Adam</option>
          <option value="adamw">AdamW</option>
        </DraftSelect>
        <DraftSelect {...fields} name="activation" label="Activation">
          <option value="">default (relu)</option>
          {["relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "linear"].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </DraftSelect>
        <DraftText {...fields} name="l2" label="L2 penalty" placeholder="0" />
        <DraftText {...fields} name="dropoutPercent" label="Dropout, %" placeholder="0" />
        <DraftSelect {...fields} name="engine" label="Engine">
          <option value="">default (onnx)</option>
          <option>onnx</option>
          <option>tensorflow</option>
        </DraftSelect>
      </div>
    </FormPart>
  );
}

function ColumnFields({ columns, ...fields }: DraftProps & { columns: readonly string[] }) {
  const { draft, issues, change } = fields;
  const leftOut = draft.exclude.length === 0 ? "" : ` (${draft.exclude.length} left out)`;
  return (
    <FormPart title={`Columns${leftOut}`} issues={issues} names={["exclude", "scale"]}>
      <div className="fields">
        <DraftSelect {...fields} name="scale" label="Scale numbers">
          <option value="">default (standard)</option>
          <option>standard</option>
          <option>robust</option>
          <option>none</option>
        </DraftSelect>
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
    </FormPart>
  );
}

function SearchFields(fields: DraftProps) {
  return (
    <FormPart title="Search and delivery" issues={fields.issues} names={["parameters", "delivery"]}>
      <div className="fields">
        <DraftText {...fields} text name="parameters" label="Parameters of the preset, JSON" placeholder="the search's own" />
        <DraftSelect {...fields} name="delivery" label="Deliver" hint="a mean of runs is steadier than one run alone">
          <option value="">the search's own</option>
          <option value="mean_of_best">the mean of the best five runs</option>
          <option value="single">the best run alone</option>
        </DraftSelect>
      </div>
    </FormPart>
  );
}

function LimitFields(fields: DraftProps) {
  const { draft } = fields;
  const limits = [draft.maxTrials, draft.maxParameters, draft.cpuSeconds, draft.wallSeconds].filter((limit) => limit.trim() !== "").length;
  return (
    <FormPart
      title={`Limits${limits === 0 ? "" : ` (${limits})`}`}
      issues={fields.issues}
      names={["maxTrials", "maxParameters", "cpuSeconds", "wallSeconds"]}
    >
      <p className="quiet">The first limit that is reached ends the search with the best so far.</p>
      <div className="fields">
        <DraftText {...fields} name="maxTrials" label="Most trials" placeholder="no limit" />
        <DraftText {...fields} name="maxParameters" label="Most parameters of a network" placeholder="no limit" />
        <DraftText
          {...fields}
          name="cpuSeconds"
          label="Training time in all, CPU seconds"
          placeholder="no limit"
          hint="of all runs together; those under way end first"
        />
        <DraftText
          {...fields}
          name="wallSeconds"
          label="Time since the start, seconds"
          placeholder="no limit"
          hint="pauses included; runs under way end first"
        />
      </div>
    </FormPart>
  );
}
