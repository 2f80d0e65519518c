// Blocks of sound say when they were captured. Where one is later than the sound before it is long,
// time has passed without samples, or its clock only trembled: what follows tells which.

/** Milliseconds of sound for which what seems late waits until that is known. */
const SETTLE_MS = 100;
/** Milliseconds of trembling that are always forgiven, and of a block how much of it. */
const FORGIVEN_MS = 4;
const FORGIVEN = 0.5;
/** Blocks of which the least late one tells where the clock stands; it may drift meanwhile. */
const RECENT = 64;

/** Puts blocks, `{startMs, ms}` and what else they hold, on their clock. */
export class Timeline {
  constructor() {
    this.lengthMs = 0;
    this.recent = [];
    this.held = [];
  }

  /** One more block; what is settled by it, as `{block, gapMs}`: time without samples before it. */
  put(block) {
    const late = block.startMs - this.lengthMs;
    this.lengthMs += block.ms;
    this.held.push({ block, late });
    const forgiven = Math.max(FORGIVEN_MS, FORGIVEN * block.ms);
    if (this.recent.length === 0 || late - Math.min(...this.recent) <= forgiven) {
      return this.release(0);
    }
    const waited = this.held.reduce((sum, { block: { ms } }) => sum + ms, 0);
    return waited < SETTLE_MS ? [] : this.settle();
  }

  /** What waits, settled by what is known. */
  settle() {
    if (this.held.length === 0) return [];
    const least = Math.min(...this.held.map(({ late }) => late));
    const gapMs = least - Math.min(...this.recent);
    this.lengthMs += gapMs;
    this.recent = [];
    return this.release(gapMs);
  }

  release(gapMs) {
    const { held } = this;
    this.held = [];
    for (const { late } of held) this.recent.push(late - gapMs);
    this.recent = this.recent.slice(-RECENT);
    return held.map(({ block }, k) => ({ block, gapMs: k === 0 ? gapMs : 0 }));
  }
}
