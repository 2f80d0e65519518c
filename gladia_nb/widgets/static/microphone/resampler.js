// Another sample rate, block by block: a sinc with a Kaiser window, in as many phases as the ratio of
// the rates has. Nothing is early or late: what comes out at a moment is what went in at that moment.

/** Decibels by which what lies above half of the lower rate is damped. */
const DAMPED_DB = 100;
/** Of half of the lower rate, how much is passed on as it is; the rest is for the slope. */
const PASSED = 0.9;

function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}

/** The modified Bessel function of order zero, by its series. */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-18 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Blocks of one sound at another rate; what a block lacks at its end comes with the next one. */
export class Resampler {
  constructor(from, to, channels) {
    const common = divisor(from, to);
    this.from = from;
    this.up = to / common;
    this.down = from / common;
    const lower = Math.min(from, to) / 2;
    // In frames of what goes in: the middle of the slope, and half the length by Kaiser's formula.
    this.cutoff = (lower * (1 + PASSED)) / from;
    const slope = (2 * Math.PI * lower * (1 - PASSED)) / from;
    this.half = Math.ceil((DAMPED_DB - 7.95) / (2.285 * slope) / 2);
    this.beta = 0.1102 * (DAMPED_DB - 8.7);
    this.rows = [];
    this.read = 0;
    this.made = 0;
    // What is still needed of the past; before the beginning there was silence.
    this.first = -this.half;
    this.past = Array.from({ length: channels }, () => new Float32Array(this.half));
  }

  /** Weights around a moment that lies so many parts of `up` behind a frame. */
  row(phase) {
    const { half, cutoff, beta } = this;
    const row = new Float64Array(2 * half);
    const scale = bessel(beta);
    let sum = 0;
    for (let k = 0; k < row.length; k += 1) {
      const x = phase / this.up + half - 1 - k;
      const inside = Math.max(0, 1 - (x / half) ** 2);
      const window = bessel(beta * Math.sqrt(inside)) / scale;
      row[k] = window * (x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x));
      sum += row[k];
    }
    // Each phase alike loud, or a steady tone would tremble.
    return row.map((weight) => weight / sum);
  }

  /** Samples, an array a channel, at the other rate, as far as they are known by now. */
  push(planes) {
    if (this.up === this.down) return planes;
    this.read += planes[0].length;
    this.past = this.past.map((past, c) => {
      const whole = new Float32Array(past.length + planes[c].length);
      whole.set(past);
      whole.set(planes[c], past.length);
      return whole;
    });
    // The last frame that is out of reach of none: it needs `half` frames behind it.
    return this.make(Math.ceil(((this.read - this.half) * this.up) / this.down));
  }

  /** What is left when nothing follows but silence. */
  drain() {
    if (this.up === this.down) return this.past.map(() => new Float32Array(0));
    this.past = this.past.map((past) => {
      const whole = new Float32Array(past.length + this.half);
      whole.set(past);
      return whole;
    });
    return this.make(Math.ceil((this.read * this.up) / this.down));
  }

  make(until) {
    const { past, first, half, up, down } = this;
    const frames = Math.max(0, until - this.made);
    const out = past.map(() => new Float32Array(frames));
    for (let i = 0; i < frames; i += 1) {
      const at = (this.made + i) * down;
      const begin = Math.floor(at / up) - half + 1 - first;
      this.rows[at % up] ??= this.row(at % up);
      const row = this.rows[at % up];
      for (let c = 0; c < out.length; c += 1) {
        const plane = past[c];
        let sum = 0;
        for (let k = 0; k < row.length; k += 1) sum += row[k] * plane[begin + k];
        out[c][i] = sum;
      }
    }
    this.made += frames;
    const needed = Math.floor((this.made * down) / up) - half + 1;
    this.past = past.map((plane) => plane.slice(needed - first));
    this.first = needed;
    return out;
  }
}
