// Numbered pieces of 16-bit samples, made alike of whatever delivers the sound: in the audio thread,
// or where a track is read. Whoever counts pieces finds out what was lost.

/** The pieces of one recording, and what is told between them. */
export class Pieces {
  constructor(rate, channels, chunkMs) {
    this.rate = rate;
    this.channels = channels;
    this.length = (chunkMs * rate) / 1000;
    this.out = null;
    this.paused = false;
    this.over = false;
    this.seq = 0;
    // Numbers that were left out since the last piece.
    this.leftOut = 0;
    this.position = 0;
    this.fastest = null;
    this.begin();
  }

  open(port) {
    this.out = port;
  }

  /** Whether samples are recorded now. */
  get wants() {
    return this.out !== null && !this.paused && !this.over;
  }

  // Boundaries are multiples of a piece's length, rounded down to whole frames: no drift.
  begin() {
    let k = Math.floor(this.position / this.length) + 1;
    while (Math.floor(this.length * k) <= this.position) k += 1;
    this.room = Math.floor(this.length * k) - this.position;
    this.samples = new Int16Array(this.room * this.channels);
    this.filled = 0;
    this.peak = 0;
    this.clipped = 0;
  }

  /** Samples from -1 to 1, an array a channel; `clockFrame`: the device's clock before the first. */
  add(planes, clockFrame) {
    const { channels } = this;
    const frames = planes[0].length;
    for (let i = 0; i < frames; i += 1) {
      for (let c = 0; c < channels; c += 1) {
        const x = planes[c][i];
        const size = Math.abs(x);
        if (size > this.peak) this.peak = size;
        if (size > 1) this.clipped += 1;
        const whole = Math.round(x * 32768);
        this.samples[this.filled * channels + c] = Math.max(-32768, Math.min(32767, whole));
      }
      this.filled += 1;
      if (this.filled === this.room) this.flush(clockFrame + i + 1);
    }
  }

  /** When the device's clock was seen to stand there: no piece is dated later than that allows. */
  seen(clockFrame, atMs) {
    const apart = atMs - (clockFrame / this.rate) * 1000;
    if (this.fastest === null || apart < this.fastest.apart) {
      this.fastest = { clockFrame, atMs, apart };
    }
  }

  /** Hand on what is there; `clockFrame`: the device's clock behind it. */
  flush(clockFrame) {
    if (this.filled === 0) return;
    const whole = this.filled === this.room;
    const samples = whole ? this.samples : this.samples.slice(0, this.filled * this.channels);
    this.position += this.filled;
    this.out.postMessage(
      {
        kind: "piece",
        seq: this.seq,
        leftOut: this.leftOut,
        frames: this.filled,
        clockFrame,
        seen: this.fastest,
        peak: this.peak,
        clipped: this.clipped,
        buffer: samples.buffer,
      },
      [samples.buffer],
    );
    this.seq += 1;
    this.leftOut = 0;
    this.fastest = null;
    this.begin();
  }

  /** Time has passed without samples: a number is left out. */
  lost(clockFrame) {
    this.flush(clockFrame);
    this.seq += 1;
    this.leftOut += 1;
  }

  pause(clockFrame) {
    this.flush(clockFrame);
    this.paused = true;
    this.out.postMessage({ kind: "paused" });
  }

  resume() {
    this.paused = false;
  }

  finish(clockFrame) {
    this.flush(clockFrame);
    this.over = true;
    // A number that is left out behind the last piece is nobody's.
    const pieces = this.seq - this.leftOut;
    this.out.postMessage({ kind: "flushed", pieces, frames: this.position });
  }
}
