// What the sound of a stream is taken from: its track, read as the device delivers it, where the
// browser lets that be read, and else the audio graph. Both are used alike, and hand the same pieces
// to a port:
//
//     capture, rate, baseLatencyS    how it captures, and what of it is known
//     open(port)                     where the pieces go
//     listen()                       record from now on
//     pause(), resume(), flush()     the last one ends the recording
//     close()                        let go of everything; more than once does no harm

import { addressed, READY_MS, startWorker, within } from "./threads.js";
import { Trouble } from "./trouble.js";

/** Blocks that wait for a reader that is held up: 5 s of the usual 10 ms. Older ones are lost. */
const MOST_BLOCKS = 500;
/** Milliseconds after which a reader that does not end is ended. */
const CLOSE_MS = 1000;

/**
 * A tap of a stream. `wishes`: `rate` in hertz, `channels`, `chunkMs` of a piece; `broken(trouble)`
 * is called when it can no longer capture.
 */
export async function openTap(stream, wishes, broken) {
  if (typeof MediaStreamTrackProcessor === "function") {
    try {
      return await TrackTap.of(stream, wishes, broken);
    } catch {
      // Whatever it is: the audio graph may do, and else says what is wrong.
    }
  }
  return WorkletTap.of(stream, wishes, broken);
}

// Chromium's audio graph puts zeros into the sound when the machine is busy; its tracks have none.
class TrackTap {
  static async of(stream, wishes, broken) {
    const tap = new TrackTap(await startWorker(TRACK_SOURCE), wishes.rate);
    try {
      await tap.begin(stream, wishes, broken);
      return tap;
    } catch (error) {
      tap.close();
      throw error;
    }
  }

  constructor(worker, rate) {
    this.capture = "track";
    this.rate = rate;
    this.baseLatencyS = null;
    this.worker = worker;
  }

  async begin(stream, wishes, broken) {
    const [track] = stream.getAudioTracks();
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: MOST_BLOCKS });
    const heard = new Promise((resolve, reject) => {
      const fail = (trouble) => {
        reject(trouble);
        // Of what failed before it began nobody needs to be told.
        if (this.begun) broken(trouble);
      };
      this.worker.onmessage = ({ data }) => {
        if (data.kind === "first") resolve(true);
        else if (data.kind === "ended") fail(new Trouble("unplugged"));
        else fail(new Trouble("failed", data.text));
      };
      this.worker.onerror = () => fail(new Trouble("failed", "the thread that reads it stopped"));
    });
    this.worker.postMessage({ kind: "begin", readable, ...wishes }, [readable]);
    // Only a track that delivers is known to do so.
    if (!(await within(heard, READY_MS, false))) throw new Trouble("failed");
    this.begun = true;
  }

  open(port) {
    this.worker.postMessage({ kind: "open", port }, [port]);
  }

  listen() {
    this.worker.postMessage({ kind: "listen" });
  }

  pause() {
    this.worker.postMessage({ kind: "pause" });
  }

  resume() {
    this.worker.postMessage({ kind: "resume" });
  }

  flush() {
    this.worker.postMessage({ kind: "flush" });
  }

  close() {
    this.begun = false;
    this.worker.postMessage({ kind: "close" });
    setTimeout(() => this.worker.terminate(), CLOSE_MS);
  }
}

class WorkletTap {
  static async of(stream, wishes, broken) {
    const tap = new WorkletTap();
    try {
      await tap.begin(stream, wishes, broken);
      return tap;
    } catch (error) {
      await tap.close();
      throw error;
    }
  }

  constructor() {
    this.capture = "worklet";
    this.context = null;
    this.node = null;
  }

  get rate() {
    return this.context.sampleRate;
  }

  get baseLatencyS() {
    return this.context.baseLatency ?? null;
  }

  async begin(stream, { rate, channels, chunkMs }, broken) {
    await this.openContext(stream, rate);
    this.node = new AudioWorkletNode(this.context, "gladia-nb-tap", {
      channelCount: channels,
      channelCountMode: "explicit",
      outputChannelCount: [1],
      processorOptions: { channels, chunkMs },
    });
    this.node.onprocessorerror = () => broken(new Trouble("failed", "the audio thread stopped"));
    await within(this.context.resume(), READY_MS);
    if (this.context.state !== "running") {
      // Who has used the page is not held back: then it is the sound that cannot begin.
      throw new Trouble(navigator.userActivation?.hasBeenActive ? "output" : "suspended");
    }
  }

  async openContext(stream, rate) {
    // Some browsers take no stream of another rate than the device's; the kernel resamples then.
    for (const options of [{ sampleRate: rate }, {}]) {
      try {
        this.context = new AudioContext(options);
        this.source = this.context.createMediaStreamSource(stream);
        if (!this.context.audioWorklet) throw new Trouble("insecure");
        await addressed(WORKLET_SOURCE, (url) => this.context.audioWorklet.addModule(url));
        return;
      } catch (error) {
        await this.close();
        if (error.name !== "NotSupportedError" || !options.sampleRate) throw error;
      }
    }
  }

  open(port) {
    this.node.port.postMessage({ kind: "open", port }, [port]);
  }

  listen() {
    this.source.connect(this.node);
    // A node that leads nowhere is not run by every browser; this one hands on silence.
    this.node.connect(this.context.destination);
  }

  pause() {
    this.node.port.postMessage({ kind: "pause" });
  }

  resume() {
    this.node.port.postMessage({ kind: "resume" });
  }

  flush() {
    this.node.port.postMessage({ kind: "flush" });
  }

  async close() {
    const { context } = this;
    this.context = null;
    this.node?.disconnect();
    await context?.close();
  }
}
