/** A row that is an image, as the bytes it was read from. */
import { evaluationLimits } from "@rightsize/contract";
import type { PlanFile } from "@rightsize/data";
import type { MemberModel } from "../delivered-model.ts";

/** The shape of pictures that may be shown; null where rows are no images, or too large ones. */
export function pictureShape({ image }: Pick<PlanFile, "image">): PlanFile["image"] {
  return image !== null && image.height * image.width * image.channels <= evaluationLimits.pixels ? image : null;
}

/** Row-major bytes, channels last; 0 where the experiment leaves a pixel out. The scaling of inputs undone: rounding gives back the bytes. */
export function pictureOf({ member, prepared }: MemberModel, position: number, pixelCount: number): Uint8Array {
  const { plan, fold } = prepared;
  const { x, inputs } = fold.tensors;
  const bytes = new Uint8ClampedArray(pixelCount);
  let offset = 0;
  for (const { name, width, features } of plan.folds[member.fold]?.columns ?? []) {
    const pixel = /^p(\d+)$/.exec(name)?.[1];
    const [feature] = features;
    if (pixel !== undefined && feature !== undefined && Number(pixel) < pixelCount) {
      bytes[Number(pixel)] = (x[position * inputs + offset] as number) * feature.scale + feature.center;
    }
    offset += width;
  }
  return new Uint8Array(bytes.buffer);
}
