// Inside a worker of its own, where no busy page disturbs the stopwatch: dates each piece of audio,
// and either hands it to the page, for the kernel, or holds the session with the service itself.

import { fill } from "./protocol.js";
import { now, Session } from "./session.js";

/** Milliseconds for which events are gathered before the page gets them. */
const BATCH_MS = 100;

// The device's clock counts frames. What it delivers arrives some time after its last frame; the
// fastest of the recent arrivals tells best how the two clocks lie to each other. What a browser says
// of the moment itself cannot do that: Chromium dates a block of a track by the clock of whoever reads
// it, its first frame by the standard, and its fake device by when the block is there, so that its
// last frame would have been captured after it was read.
class Dater {
  constructor(rate) {
    this.rate = rate;
    this.recent = [];
  }

  /** When a frame was captured; `seen`: when the clock was last seen to stand where. */
  date(clockFrame, seen) {
    const frameMs = (clockFrame / this.rate) * 1000;
    const apart = seen.atMs - (seen.clockFrame / this.rate) * 1000;
    // The device stood still, as in a computer that slept: what was known of it is void.
    if (this.recent.length && apart - Math.min(...this.recent) > 1000) this.recent = [];
    this.recent.push(apart);
    if (this.recent.length > 64) this.recent.shift();
    return frameMs + Math.min(...this.recent);
  }
}

/** Milliseconds between two looks at the event loop, and of what one event sums up. */
const TICK_MS = 50;
const WINDOW_MS = 1000;

// How the stopwatch of a session that is held here is doing, as the kernel's own tells of itself.
class Vitals {
  constructor(tell) {
    this.tell = tell;
    this.begin();
    this.nextMs = this.beganMs + TICK_MS;
    this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  begin() {
    this.beganMs = now();
    this.lagMs = 0;
  }

  tick() {
    const atMs = now();
    this.lagMs = Math.max(this.lagMs, atMs - this.nextMs);
    if (atMs - this.beganMs >= WINDOW_MS) {
      this.record(atMs);
      this.begin();
    }
    this.nextMs = now() + TICK_MS;
    this.timer = setTimeout(() => this.tick(), TICK_MS);
  }

  record(atMs) {
    const beforeMs = now();
    const wallMs = Date.now();
    const afterMs = now();
    const ns = (ms) => Math.round(ms * 1e6);
    this.tell({
      event: "vitals",
      at_ms: atMs,
      window_ns: ns(atMs - this.beganMs),
      loop_lag_ms: Math.max(0, Number(this.lagMs.toFixed(3))),
      wall_ns: ns(wallMs - (beforeMs + afterMs) / 2),
      wall_width_ns: ns(afterMs - beforeMs),
    });
  }

  close() {
    clearTimeout(this.timer);
  }
}

/** Milliseconds of exact zeros that are a hole where sound is on both sides of them. */
const LEAST_MS = 4;
const MOST_MS = 200;
/** Steps of the sample values, of both sides together, that tell a hole from a pause. */
const EDGE = 650;

// Finds where a capture that could not keep up put zeros into the sound.
class Holes {
  constructor(rate, channels) {
    this.channels = channels;
    this.least = (LEAST_MS * rate) / 1000;
    this.most = (MOST_MS * rate) / 1000;
    this.zeros = 0;
    this.at = 0;
    this.edge = 0;
  }

  /** Holes that end in these samples: where each begins, and its frames. */
  of(samples) {
    const { channels } = this;
    const found = [];
    for (let i = 0; i < samples.length; i += channels) {
      let size = 0;
      for (let c = 0; c < channels; c += 1) size = Math.max(size, Math.abs(samples[i + c]));
      if (size === 0) this.zeros += 1;
      else {
        const { zeros } = this;
        if (zeros >= this.least && zeros <= this.most && this.edge + size >= EDGE) {
          found.push({ at_frame: this.at - zeros, frames: zeros });
        }
        this.zeros = 0;
        this.edge = size;
      }
      this.at += 1;
    }
    return found;
  }
}

// Between the tap of the sound, the page and the service.
class Link {
  constructor() {
    this.batch = [];
    this.session = null;
    // Sound of a session that is held here, which the kernel does not have yet, and where it begins.
    this.sound = [];
    this.soundAt = 0;
    this.pieces = 0;
    this.next = 0;
    this.frames = 0;
    this.clipped = 0;
    this.gap = null;
    this.lastMs = 0;
    this.due = null;
  }

  command(data) {
    if (data.kind === "open") this.open(data);
    else if (data.kind === "direct") this.session?.open(data.url, data.acknowledged);
    else if (data.kind === "abandon") this.session?.end("aborted");
  }

  open({ port, rate, channels, mode, rules }) {
    this.rules = rules;
    this.holes = new Holes(rate, channels);
    this.dater = new Dater(rate);
    this.rate = rate;
    if (mode === "direct") {
      this.session = new Session(
        rules,
        (event) => this.record(event),
        (outcome, error) => {
          this.vitals.close();
          this.deliver();
          postMessage({ kind: "done", outcome, error });
        },
        () => postMessage({ kind: "opened" }),
      );
      this.vitals = new Vitals((event) => this.record(event));
      this.stalls = setInterval(() => this.look(), rules.limits_ms.stall / 4);
    }
    port.onmessage = ({ data }) => this.hear(data, now());
  }

  hear(data, atMs) {
    if (data.kind === "piece") this.piece(data, atMs);
    else if (data.kind === "paused") {
      if (this.session) this.mark("gap", "paused", { captured_ms: atMs });
      postMessage({ kind: "paused", at_ms: atMs });
    } else if (data.kind === "flushed") {
      clearInterval(this.stalls);
      if (this.session) {
        const { frames, clipped } = this;
        this.record({ event: "audio_end", at_ms: now(), frames, clipped });
        this.session.finish();
        this.deliver();
      }
      postMessage({
        kind: "flushed",
        pieces: data.pieces,
        frames: this.frames,
        clipped: this.clipped,
      });
    }
  }

  piece({ seq, leftOut, frames, clockFrame, seen, peak, clipped, buffer }, atMs) {
    const capturedMs = this.dater.date(clockFrame, seen ?? { clockFrame, atMs });
    this.clipped += clipped;
    postMessage({ kind: "level", peak });
    const holes = this.holes.of(new Int16Array(buffer));
    if (this.session === null) {
      for (const hole of holes) postMessage({ kind: "zeros", at_ms: now(), ...hole });
      this.frames += frames;
      const number = { seq, left_out: leftOut };
      const about = { kind: "piece", ...number, frames, captured_ms: capturedMs, buffer };
      postMessage(about, [buffer]);
      return;
    }
    if (this.gap !== null) this.mark("gap_end", this.gap);
    if (seq > this.next) this.lost(seq - this.next, capturedMs - (frames / this.rate) * 1000);
    if (this.frames === 0) {
      this.record({ event: "audio_start", t0_ms: capturedMs - (frames / this.rate) * 1000 });
    }
    const startFrame = this.frames;
    this.frames += frames;
    this.next = seq + 1;
    this.lastMs = atMs;
    this.capturedMs = capturedMs;
    for (const hole of holes) {
      this.record({ event: "gap", at_ms: now(), why: "zeros", ...hole });
    }
    const data = new Uint8Array(buffer);
    this.sound.push(data);
    this.session.feed({ seq: this.pieces, startFrame, endFrame: this.frames, capturedMs, data });
    this.pieces += 1;
    this.soon();
  }

  lost(pieces, beganMs) {
    const frames = Math.round(((beganMs - this.capturedMs) * this.rate) / 1000);
    this.mark("gap", "lost", { pieces, frames });
    this.gap = null;
    const seconds = (frames / this.rate).toFixed(2);
    this.session.warn(fill(this.rules.sentences.lost, { pieces, seconds }));
  }

  mark(event, why, fields = {}) {
    this.gap = event === "gap" ? why : null;
    this.record({ event, at_ms: now(), why, at_frame: this.frames, ...fields });
  }

  look() {
    if (this.frames === 0 || this.gap !== null) return;
    if (now() - this.lastMs > this.rules.limits_ms.stall) {
      this.mark("gap", "stalled");
      this.session.warn(this.rules.sentences.stalled);
    }
  }

  record(event) {
    this.batch.push(event);
    this.soon();
  }

  soon() {
    this.due ??= setTimeout(() => this.deliver(), BATCH_MS);
  }

  // What has happened, and the sound of it: a page that is killed has handed over all until then.
  deliver() {
    clearTimeout(this.due);
    this.due = null;
    if (this.batch.length === 0 && this.sound.length === 0) return;
    const { batch, soundAt } = this;
    const sound = this.joined();
    this.batch = [];
    postMessage({ kind: "events", events: batch, sound_at: soundAt, sound }, [sound]);
  }

  joined() {
    const size = this.sound.reduce((sum, data) => sum + data.byteLength, 0);
    const whole = new Uint8Array(size);
    let at = 0;
    for (const data of this.sound) {
      whole.set(data, at);
      at += data.byteLength;
    }
    this.sound = [];
    this.soundAt += size;
    return whole.buffer;
  }
}

const link = new Link();
self.onmessage = ({ data }) => link.command(data);
postMessage({ kind: "ready" });
