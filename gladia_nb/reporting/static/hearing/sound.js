// Plays spans of a run's sound, to the sample: short files, decoded when they are first played.

/** Seconds between the wish to play and the first sample: scheduling takes a moment. */
const LEAD_S = 0.05;
/** A piece is decoded so many seconds before it is heard. */
const AHEAD_S = 6;
/** A browser without an audio output says nothing about it: it is waited for so many seconds. */
const OUTPUT_S = 3;
/** And so many when it was in vain before. */
const AGAIN_S = 0.3;
/** Decoded pieces that are kept: half a minute each. */
const KEPT = 4;

/** A sound file, which a page has in base64 and a kernel sends as it is. */
function bytesOf(data) {
  if (typeof data !== "string") return data;
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * `pieces`: `[{from, until, data}]`, `data()` gives a sound file, in base64 or as an `ArrayBuffer`,
 * or a promise of one. Without any, and where the browser has no audio output, it plays in silence:
 * time goes on, and whoever watches sees what would be heard.
 */
export class Player {
  constructor(pieces, rate, duration) {
    this.pieces = pieces;
    this.rate = rate;
    this.duration = duration;
    this.speed = 1;
    this.context = null;
    this.decoded = new Map();
    this.nodes = new Set();
    this.turn = 0;
    this.span = null;
    /** Whether the browser lets no sound out. */
    this.isMute = false;
    /** Called when the sound cannot be played to its end. */
    this.failed = () => {};
  }

  get hasSound() {
    return this.pieces.length > 0;
  }

  /** Play from one second to another; what plays is stopped. False where something else came. */
  async play(from, to) {
    this.stop();
    this.turn += 1;
    const turn = this.turn;
    const begin = Math.min(Math.max(0, from), this.duration);
    const end = Math.min(to, this.duration);
    if (!this.hasSound) return this.playInSilence(begin, end);
    this.context ??= this.newContext();
    const first = await this.ready(turn, begin);
    if (turn !== this.turn) return false;
    if (this.isMute) return this.playInSilence(begin, end);
    this.span = { begin, end, at: this.context.currentTime + LEAD_S, there: begin, silent: false };
    // It goes on as long as it plays; whoever called may go on.
    this.schedule(turn, first).catch((error) => {
      if (turn === this.turn) this.failed(error);
    });
    return true;
  }

  playInSilence(begin, end) {
    this.span = { begin, end, at: performance.now() / 1000, there: end, silent: true };
    return true;
  }

  /** Find out whether the browser lets sound out; one that has become able to is taken at its word. */
  async resume() {
    const waited = pause(this.isMute ? AGAIN_S : OUTPUT_S).then(
      () => this.context.state === "running",
    );
    this.isMute = !(await Promise.race([this.context.resume().then(() => true), waited]));
  }

  /** The first piece, when it can be played; what goes wrong with one that nobody wants is nothing. */
  async ready(turn, begin) {
    try {
      const [, first] = await Promise.all([this.resume(), this.piece(begin)]);
      return first;
    } catch (error) {
      if (turn === this.turn) throw error;
      return null;
    }
  }

  newContext() {
    try {
      // At its own rate nothing is resampled.
      return new AudioContext({ sampleRate: this.rate });
    } catch {
      return new AudioContext();
    }
  }

  /** The piece that has a second, decoded. */
  async piece(second) {
    const last = this.pieces.length - 1;
    const found = this.pieces.findIndex((piece) => second < piece.until);
    const index = found < 0 ? last : found;
    if (!this.decoded.has(index)) {
      const decoded = this.decode(index);
      this.decoded.set(index, decoded);
      // One that did not come is asked for again.
      decoded.catch(() => this.decoded.delete(index));
      const oldest = this.decoded.keys().next().value;
      if (this.decoded.size > KEPT) this.decoded.delete(oldest);
    }
    return { ...this.pieces[index], buffer: await this.decoded.get(index) };
  }

  async decode(index) {
    const data = await this.pieces[index].data();
    return this.context.decodeAudioData(bytesOf(data));
  }

  async schedule(turn, first) {
    const { begin, end } = this.span;
    let piece = first;
    let from = begin;
    while (from < end) {
      // A span that the piece has whole is played from it, over the seam.
      const there = piece.from + piece.buffer.duration;
      const until = end <= there ? end : Math.min(end, piece.until);
      // Where a piece comes late, the playhead has waited for it.
      const late = this.context.currentTime - (this.span.at + (from - begin) / this.speed);
      if (late > 0) this.span.at += late + LEAD_S;
      const when = this.span.at + (from - begin) / this.speed;
      this.start(piece.buffer, when, from - piece.from, until - from);
      this.span.there = until;
      from = until;
      if (from >= end) return;
      await pause(Math.max(0, (until - this.position()) / this.speed - AHEAD_S));
      if (turn !== this.turn) return;
      piece = await this.piece(from);
      if (turn !== this.turn) return;
    }
  }

  start(buffer, when, offset, length) {
    const node = new AudioBufferSourceNode(this.context, { buffer, playbackRate: this.speed });
    node.connect(this.context.destination);
    node.addEventListener("ended", () => this.nodes.delete(node));
    node.start(when, offset, length);
    this.nodes.add(node);
  }

  /** The second that is heard now; null when nothing plays. */
  position() {
    if (this.span === null) return null;
    const { begin, there, at, silent } = this.span;
    const late = silent ? 0 : this.context.outputLatency || 0;
    const now = silent ? performance.now() / 1000 : this.context.currentTime;
    return Math.min(there, begin + Math.max(0, now - late - at) * this.speed);
  }

  /** Whether the span has been heard to its end. */
  get over() {
    return this.span !== null && this.position() >= this.span.end;
  }

  stop() {
    this.turn += 1;
    this.span = null;
    for (const node of this.nodes) node.stop();
    this.nodes.clear();
  }

  close() {
    this.stop();
    this.context?.close();
  }
}
