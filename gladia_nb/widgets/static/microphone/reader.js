// Reads a track block by block, as the device delivered it, and makes of it what the worklet makes of
// the audio graph, which puts zeros into the sound where it cannot keep up.

import { mixed } from "./mixing.js";
import { Pieces } from "./pieces.js";
import { Resampler } from "./resampler.js";
import { Timeline } from "./timeline.js";

/** Frames by which sums of fractions of frames may be wrong. */
const ROUNDING = 1e-6;

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
    // Time without samples that is not handed on yet: where on that clock, and how many frames.
    this.gaps = [];
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
      const frames = (gapMs * this.rate) / 1000;
      if (this.resampler) this.gaps.push({ at: this.clock, frames });
      this.clock += frames;
    }
    const { planes, from } = block;
    // Another device may have become the default one in the middle of it.
    if (!planes || this.resampler?.from !== from) this.drain();
    if (planes && !this.resampler) {
      this.resampler = new Resampler(from, this.rate, this.channels);
      this.made = this.clock;
    }
    this.clock += (block.ms * this.rate) / 1000;
    if (!planes) return;
    this.pieces.seen(this.clock, block.atMs);
    this.hand(this.resampler.push(planes));
  }

  /** Time without samples only counts: the sound on both sides of it is one, and stays as it is. */
  hand(planes) {
    let rest = planes;
    while (this.gaps.length) {
      const [{ at, frames }] = this.gaps;
      const before = Math.max(0, Math.ceil(at - this.made - ROUNDING));
      if (before > rest[0].length) break;
      this.add(rest.map((plane) => plane.subarray(0, before)));
      rest = rest.map((plane) => plane.subarray(before));
      this.pieces.lost(this.made);
      this.made += frames;
      this.gaps.shift();
    }
    this.add(rest);
  }

  add(planes) {
    this.pieces.add(planes, this.made);
    this.made += planes[0].length;
  }

  /** Hand on what the resampler still holds. */
  drain() {
    if (!this.resampler) return;
    this.hand(this.resampler.drain());
    this.resampler = null;
    this.gaps = [];
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
