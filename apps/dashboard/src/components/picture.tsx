/** An image of the table as a picture: bytes, row by row, channels last. */
import { useEffect, useRef } from "react";

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export const pixelsOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** As RGBA for a canvas: one channel is grey, three are colours, a fourth is left out. */
export function rgba(pixels: ArrayLike<number>, { height, width, channels }: ImageShape): Uint8ClampedArray<ArrayBuffer> {
  const shown = new Uint8ClampedArray(height * width * 4);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++)
      shown[pixel * 4 + channel] = pixels[pixel * channels + (channels >= 3 ? channel : 0)] ?? 0;
    shown[pixel * 4 + 3] = 255;
  }
  return shown;
}

/** What it shows is said beside it: a canvas without a name is passed over by screen readers. */
export function Picture({ pixels, image }: { pixels: Uint8Array; image: ImageShape }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba(pixels, image), image.width, image.height), 0, 0);
  }, [pixels, image]);
  return <canvas ref={canvas} className="picture" width={image.width} height={image.height} />;
}
