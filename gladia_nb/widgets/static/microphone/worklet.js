// Inside the audio thread: turns what the device delivers into numbered pieces of 16-bit samples.

class Tap extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.channels = processorOptions.channels;
    this.length = (processorOptions.chunkMs * sampleRate) / 1000;
    this.out = null;
    this.paused = false;
    this.over = false;
    this.seq = 0;
    this.position = 0;
    this.expected = null;
    this.port.onmessage = ({ data }) => this.command(data);
    this.begin();
  }

  command({ kind, port }) {
    if (kind === "open") this.out = port;
    else if (kind === "pause") this.pause();
    else if (kind === "resume") this.paused = false;
    else if (kind === "flush") this.finish();
  }

  pause() {
    this.flush(currentFrame);
    this.paused = true;
    this.expected = null;
    this.out.postMessage({ kind: "paused" });
  }

  finish() {
    this.flush(currentFrame);
    this.over = true;
    this.out.postMessage({ kind: "flushed", pieces: this.seq, frames: this.position });
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

  flush(clockFrame) {
    if (this.filled === 0) return;
    const whole = this.filled === this.room;
    const samples = whole ? this.samples : this.samples.slice(0, this.filled * this.channels);
    this.position += this.filled;
    this.out.postMessage(
      {
        kind: "piece",
        seq: this.seq,
        frames: this.filled,
        clockFrame,
        peak: this.peak,
        clipped: this.clipped,
        buffer: samples.buffer,
      },
      [samples.buffer],
    );
    this.seq += 1;
    this.begin();
  }

  process([input]) {
    if (this.over) return false;
    if (this.out === null || this.paused) return true;
    const missing = input.length === 0;
    if (missing || (this.expected !== null && this.expected !== currentFrame)) {
      // Time has passed without samples: whoever counts pieces finds one missing.
      this.flush(this.expected ?? currentFrame);
      if (this.expected !== null) this.seq += 1;
      this.expected = null;
      if (missing) return true;
    }
    const frames = input[0].length;
    for (let i = 0; i < frames; i += 1) {
      for (let c = 0; c < this.channels; c += 1) {
        const x = input[c][i];
        const size = Math.abs(x);
        if (size > this.peak) this.peak = size;
        if (size > 1) this.clipped += 1;
        const whole = Math.round(x * 32768);
        this.samples[this.filled * this.channels + c] = Math.max(-32768, Math.min(32767, whole));
      }
      this.filled += 1;
      if (this.filled === this.room) this.flush(currentFrame + i + 1);
    }
    this.expected = currentFrame + frames;
    return true;
  }
}
registerProcessor("gladia-nb-tap", Tap);
