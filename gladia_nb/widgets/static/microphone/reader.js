// Reads a track block by block, as the device delivered it, and makes of it what the worklet makes of
// the audio graph, which puts zeros into the sound where it cannot keep up.

import { mixed } from "./mixing.js";
import { Pieces } from "./pieces.js";
import { Resampler } from "./resampler.js";
import { Timeline } from "./timeline.js";

/** The tap of a track; `tell(message)` is for its page. */
export class TrackReader {
  constructor({ readable, rate, channels, chunkMs }, tell) {
    this.reader = readable.getReader();
    this.rate = rate;
    this.channels = channels;
    this.tell = tell;
    this.pieces = new Pieces(rate, channels, chunkMs);
    this.timeline = new Timeline();
    // What is under way without a break: there is none before the first block that is recorded.
    this.resampler = null;
    this.listening = false;
    this.closed = false;
    this.blocks = 0;
    // The device's clock in frames of the rate that is asked for, behind all that was delivered and
    // behind all that was handed on.
    this.clock = 0;
    this.made = 0;
  }

  command({ kind, port }) {
    if (kind === "open") this.pieces.open(port);
    else if (kind === "listen") this.listening = true;
    else if (kind === "pause") {
      this.end();
      this.pieces.pause(this.made);
    } else if (kind === "resume") this.pieces.resume();
    else if (kind === "flush") {
      this.end();
      this.pieces.finish(this.made);
    }
  }

  get wants() {
    return this.listening && this.pieces.wants;
  }

  async run() {
    try {
      for (;;) {
        const { value, done } = await this.reader.read();
        if (done) break;
        this.hear(value, performance.timeOrigin + performance.now());
      }
      if (!this.closed) this.tell({ kind: "ended" });
    } catch (error) {
      if (!this.closed) this.tell({ kind: "failed", text: error.message });
    }
  }

  async close() {
    this.closed = true;
    await this.reader.cancel().catch(() => {});
  }

  hear(data, atMs) {
    try {
      const ms = (data.numberOfFrames * 1000) / data.sampleRate;
      const from = Math.round(data.sampleRate);
      const block = { atMs, startMs: data.timestamp / 1000, ms, from };
      if (this.wants) block.planes = mixed(planesOf(data), this.channels);
      for (const settled of this.timeline.put(block)) this.take(settled);
    } finally {
      // What is not closed is kept for good, and soon the device has no room for more.
      data.close();
    }
    this.blocks += 1;
    if (this.blocks === 1) this.tell({ kind: "first" });
  }

  take({ block, gapMs }) {
    if (gapMs > 0) {
      if (this.drain()) this.pieces.lost(this.made);
      this.clock += (gapMs * this.rate) / 1000;
    }
    const { planes, from } = block;
    if (!planes && this.resampler) this.drain();
    // Another device may have become the default one in the middle of it.
    if (this.resampler && this.resampler.from !== from) this.drain();
    if (planes && !this.resampler) {
      this.resampler = new Resampler(from, this.rate, this.channels);
      this.made = this.clock;
    }
    this.clock += (block.ms * this.rate) / 1000;
    if (!planes) return;
    this.pieces.seen(this.clock, block.atMs);
    this.hand(this.resampler.push(planes));
  }

  hand(planes) {
    this.pieces.add(planes, this.made);
    this.made += planes[0].length;
  }

  /** Hand on what the resampler still holds; whether something was under way. */
  drain() {
    if (!this.resampler) return false;
    this.hand(this.resampler.drain());
    this.resampler = null;
    return true;
  }

  end() {
    for (const settled of this.timeline.settle()) this.take(settled);
    this.drain();
  }
}

function planesOf(data) {
  return Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(data.numberOfFrames);
    data.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
}
