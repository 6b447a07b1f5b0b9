/** The form that an upload makes: one table, or the two files of a set of images. */

/** Of two files the one with labels is told by its name (as MNIST's are called); without such a name it is the smaller one. */
export function isLabels(file: Pick<File, "name" | "size">, other: Pick<File, "name" | "size">): boolean {
  const says = ({ name }: Pick<File, "name">) => /label|idx1/i.test(name);
  return says(file) === says(other) ? file.size < other.size : says(file);
}

export function uploadForm(files: readonly File[]): FormData {
  const form = new FormData();
  const [first, second] = files;
  if (first === undefined) return form;
  if (second === undefined) {
    form.append("file", first, first.name);
    return form;
  }
  const [labels, images] = isLabels(first, second) ? [first, second] : [second, first];
  form.append("images", images, images.name);
  form.append("labels", labels, labels.name);
  return form;
}
