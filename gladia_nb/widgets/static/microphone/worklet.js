// Inside the audio thread: turns what the audio graph delivers into numbered pieces.

import { Pieces } from "./pieces.js";

class Tap extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.pieces = new Pieces(sampleRate, processorOptions.channels, processorOptions.chunkMs);
    this.expected = null;
    this.port.onmessage = ({ data }) => this.command(data);
  }

  command({ kind, port }) {
    if (kind === "open") this.pieces.open(port);
    else if (kind === "pause") {
      this.pieces.pause(currentFrame);
      this.expected = null;
    } else if (kind === "resume") this.pieces.resume();
    else if (kind === "flush") this.pieces.finish(currentFrame);
  }

  process([input]) {
    if (this.pieces.over) return false;
    if (!this.pieces.wants) return true;
    const missing = input.length === 0;
    if (this.expected !== null && (missing || this.expected !== currentFrame)) {
      this.pieces.lost(this.expected);
      this.expected = null;
    }
    if (missing) return true;
    this.pieces.add(input, currentFrame);
    this.expected = currentFrame + input[0].length;
    return true;
  }
}
registerProcessor("gladia-nb-tap", Tap);
