// Another number of channels than the device has, as the audio graph of a browser mixes it: what it
// calls "speakers" for mono, stereo, quad and 5.1, and "discrete" for all others.

const HALF = Math.SQRT1_2;

/** For so many channels as so many others: a row of weights for each of these. */
const SPEAKERS = {
  "1 2": [[1], [1]],
  "1 4": [[1], [1], [0], [0]],
  "1 6": [[0], [0], [1], [0], [0], [0]],
  "2 1": [[0.5, 0.5]],
  "2 4": [
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
  ],
  "2 6": [
    [1, 0],
    [0, 1],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ],
  "4 1": [[0.25, 0.25, 0.25, 0.25]],
  "4 2": [
    [0.5, 0, 0.5, 0],
    [0, 0.5, 0, 0.5],
  ],
  "4 6": [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ],
  "6 1": [[HALF, HALF, 1, 0, 0.5, 0.5]],
  "6 2": [
    [1, 0, HALF, 0, HALF, 0],
    [0, 1, HALF, 0, 0, HALF],
  ],
  "6 4": [
    [1, 0, HALF, 0, 0, 0],
    [0, 1, HALF, 0, 0, 0],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 1],
  ],
};

function weighted(planes, weights, frames) {
  const sum = new Float32Array(frames);
  for (const [channel, weight] of weights.entries()) {
    if (weight === 0) continue;
    const plane = planes[channel];
    for (let i = 0; i < frames; i += 1) sum[i] += weight * plane[i];
  }
  return sum;
}

/** Samples, an array a channel, as so many channels. */
export function mixed(planes, channels) {
  if (planes.length === channels) return planes;
  const frames = planes[0].length;
  const rows = SPEAKERS[`${planes.length} ${channels}`];
  if (rows) return rows.map((weights) => weighted(planes, weights, frames));
  return Array.from({ length: channels }, (_, c) => planes[c] ?? new Float32Array(frames));
}
