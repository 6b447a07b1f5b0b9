/** A dataset as the API shows it. */
import type { DatasetView } from "@rightsize/contract";
import type { Dataset } from "@rightsize/core";

export function datasetView(dataset: Dataset): DatasetView {
  const { owner: _owner, columnsArtifact: _columns, ...shown } = dataset;
  return {
    ...shown,
    columns: dataset.columns.map((column) => ({
      ...column,
      histogram: [...column.histogram],
      examples: [...column.examples],
      warnings: [...column.warnings],
    })),
    warnings: [...dataset.warnings],
  };
}
