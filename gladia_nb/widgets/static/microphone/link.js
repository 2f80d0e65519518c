// Inside a worker of its own, where no busy page disturbs the stopwatch: dates each piece of audio,
// and either hands it to the page, for the kernel, or holds the session with the service itself.
// It runs from its own source text (see microphone.js), so that it may use nothing from outside.
function linkMain() {
  const LIMITS = {
    attempts: 8,
    backoffMs: 300,
    backoffCapMs: 5000,
    probeMs: 1000,
    finishMs: 60000,
    keepAliveMs: 20000,
    longMs: 10200000,
    stallMs: 2000,
    batchMs: 100,
  };
  const TO_EVERY_CONNECTION = new Set([
    "audio_chunk",
    "stop_recording",
    "start_session",
    "start_recording",
  ]);
  const EMPTY = '{"type":"audio_chunk","data":{"chunk":""}}';
  const STOP = '{"type":"stop_recording"}';

  const now = () => performance.timeOrigin + performance.now();

  // The device's clock counts frames. A piece arrives some time after its last frame; the fastest of
  // the recent ones tells best how the two clocks lie to each other.
  class Dater {
    constructor(rate) {
      this.rate = rate;
      this.recent = [];
    }

    date(clockFrame, arrivedMs) {
      const frameMs = (clockFrame / this.rate) * 1000;
      const apart = arrivedMs - frameMs;
      // The device stood still, as in a computer that slept: what was known of it is void.
      if (this.recent.length && apart - Math.min(...this.recent) > 1000) this.recent = [];
      this.recent.push(apart);
      if (this.recent.length > 64) this.recent.shift();
      return frameMs + Math.min(...this.recent);
    }
  }

  // What a close of the connection means for the session; as in the kernel.
  function classify(code) {
    if (code === 1000) return "finished";
    if (code === 4403) return "already ended";
    if (code === 4408) return "idle";
    if (code !== null && code >= 4400 && code <= 4499) return "refused";
    return "retry";
  }

  // Audio that the service has not yet acknowledged, with positions in bytes of the whole session.
  class ResumeBuffer {
    constructor() {
      this.fed = 0;
      this.sent = 0;
      this.acknowledged = 0;
      this.chunks = [];
      this.ends = new Set();
      this.next = 0;
    }

    append(chunk) {
      if (chunk.data.byteLength === 0) return;
      this.chunks.push({ ...chunk, start: this.fed, end: this.fed + chunk.data.byteLength });
      this.fed += chunk.data.byteLength;
      this.ends.add(this.fed);
    }

    acknowledge(said) {
      let end = said;
      if (!Number.isInteger(end) || end < 0 || end > this.sent) return false;
      if (end <= this.acknowledged) return true;
      // One source calls the range inclusive. Nothing else ends one byte before a chunk does.
      if (this.ends.has(end + 1) && !this.ends.has(end)) end += 1;
      this.acknowledged = end;
      while (this.chunks.length && this.chunks[0].end <= end) {
        this.ends.delete(this.chunks.shift().end);
        this.next = Math.max(0, this.next - 1);
      }
      return true;
    }

    take() {
      while (this.next < this.chunks.length) {
        const chunk = this.chunks[this.next];
        this.next += 1;
        const skip = Math.max(0, this.acknowledged - chunk.start);
        if (skip < chunk.data.byteLength) {
          const start = chunk.start + skip;
          const resend = start < this.sent;
          this.sent = Math.max(this.sent, chunk.end);
          return { chunk, start, data: chunk.data.subarray(skip), resend };
        }
      }
      return null;
    }
  }

  // One session over one WebSocket after the other, by the rules of the kernel's own.
  class Session {
    constructor(tell, done) {
      this.tell = tell;
      this.done = done;
      this.buffer = new ResumeBuffer();
      this.state = "new";
      this.url = null;
      this.socket = null;
      this.number = 0;
      this.fruitless = 0;
      this.progress = false;
      this.finishing = false;
      this.stopDue = true;
      this.stopSent = false;
      this.over = false;
      this.sentMs = this.lastMs = now();
      this.openMs = 0;
      this.long = false;
      this.problems = new Map();
      this.timer = null;
    }

    open(url, acknowledged) {
      this.url = url;
      this.acknowledged = acknowledged;
      this.state = "connecting";
      this.watch = setInterval(() => this.look(), 1000);
      this.connect();
    }

    connect() {
      if (this.over) return;
      this.number += 1;
      this.progress = false;
      const number = this.number;
      const startMs = now();
      let opened = false;
      const socket = new WebSocket(this.url);
      this.socket = socket;
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        const endMs = now();
        opened = true;
        this.tell({ event: "connect", connection: number, start_ms: startMs, end_ms: endMs, error: null });
        this.opened();
      };
      socket.onmessage = ({ data }) => this.receive(data, number, now());
      socket.onclose = ({ code, reason }) => {
        const atMs = now();
        if (opened) this.closed(code === 1006 ? null : code, reason, number, atMs);
        else this.unopened(number, startMs, atMs);
      };
    }

    opened() {
      this.lastMs = this.sentMs = now();
      this.openMs = this.openMs || this.lastMs;
      this.stopDue = true;
      const resuming = this.state === "lost";
      this.state = "streaming";
      if (resuming && this.acknowledged) {
        this.buffer.next = 0;
        if (this.buffer.fed > this.buffer.acknowledged) {
          this.state = "resuming";
          this.send("probe", EMPTY);
          this.timer = setTimeout(() => this.unanswered(), LIMITS.probeMs);
        }
      }
      this.flush();
    }

    unanswered() {
      if (this.state !== "resuming") return;
      this.state = "streaming";
      this.warn(
        "The service did not say how much audio it has; the session goes on at its last " +
          "acknowledgement, and a little audio may be there twice.",
      );
      this.flush();
    }

    feed(chunk) {
      if (this.over || this.finishing) return;
      this.buffer.append(chunk);
      this.flush();
    }

    finish() {
      this.finishing = true;
      this.flush();
    }

    flush() {
      while (this.state === "streaming" && this.socket?.readyState === WebSocket.OPEN) {
        const piece = this.buffer.take();
        if (piece === null) break;
        const { chunk, start, data, resend } = piece;
        if (!this.acknowledged) this.buffer.acknowledge(chunk.end);
        this.send("chunk", data, {
          seq: chunk.seq,
          start_frame: chunk.startFrame,
          end_frame: chunk.endFrame,
          start_byte: start,
          end_byte: chunk.end,
          due_ms: chunk.capturedMs,
          resend,
        });
      }
      if (this.state === "streaming" && this.finishing && this.stopDue) {
        if (this.socket?.readyState !== WebSocket.OPEN) return;
        this.stopDue = false;
        this.stopSent = true;
        this.state = "stopping";
        this.send("stop", STOP);
      }
    }

    send(event, wire, fields = {}) {
      const startMs = now();
      this.socket.send(wire);
      this.sentMs = now();
      this.tell({
        event,
        ...fields,
        send_start_ms: startMs,
        send_end_ms: this.sentMs,
        connection: this.number,
      });
    }

    receive(data, number, atMs) {
      this.lastMs = atMs;
      const event = { event: "message", recv_ms: atMs, connection: number, via: "websocket" };
      if (typeof data === "string") this.tell({ ...event, raw: data });
      else this.tell({ ...event, bytes: [...new Uint8Array(data)], binary: true });
      let message = null;
      try {
        message = JSON.parse(data);
      } catch {
        // It is kept as it came; more cannot be done with it.
      }
      const before = this.buffer.acknowledged;
      if (message?.type === "audio_chunk" && message.acknowledged === true) {
        this.acknowledge(message.data?.byte_range);
      }
      const type = typeof message?.type === "string" ? message.type : null;
      if (!TO_EVERY_CONNECTION.has(type) || this.buffer.acknowledged > before) this.progress = true;
    }

    acknowledge(range) {
      const known = Array.isArray(range) && range.length === 2 && range.every(Number.isInteger);
      if (!known) this.problem("an acknowledgement has no byte range");
      else if (!this.buffer.acknowledge(range[1])) {
        this.problem("an acknowledgement speaks of more than was sent");
      }
      if (this.state === "resuming") {
        clearTimeout(this.timer);
        this.state = "streaming";
        this.flush();
      }
    }

    problem(text) {
      this.problems.set(text, (this.problems.get(text) ?? 0) + 1);
    }

    unopened(number, startMs, atMs) {
      // A browser does not say why; the console of the page does.
      const error = "The WebSocket could not be opened from the browser.";
      this.tell({ event: "connect", connection: number, start_ms: startMs, end_ms: atMs, error });
      this.retry(false);
    }

    closed(code, reason, number, atMs) {
      clearTimeout(this.timer);
      const outcome = classify(code);
      this.tell({ event: "close", at_ms: atMs, connection: number, code, reason, outcome });
      if (this.over) return;
      this.state = outcome === "retry" ? "lost" : "ended";
      if (outcome === "retry") this.retry(this.progress);
      else if (outcome === "finished") {
        if (!this.stopSent) this.warn("The service ended the session before all audio had been sent.");
        this.end("finished");
      } else if (outcome === "already ended" && this.stopSent) {
        this.warn(
          "The connection was lost after the stop and the session had ended meanwhile; " +
            "messages of that time are only in the stored result.",
        );
        this.end("finished");
      } else {
        const what = {
          "already ended": "had already ended this session",
          idle: "gave up because no audio came",
          refused: "refused to go on",
        }[outcome];
        const said = reason ? `: ${reason}` : "";
        this.fail(`The service ${what} (close code ${code}${said}).`, code);
      }
    }

    retry(progress) {
      if (this.over) return;
      if (progress) this.fruitless = 0;
      this.fruitless += 1;
      if (this.fruitless > LIMITS.attempts) {
        this.fail(
          `The connection was lost and ${LIMITS.attempts} attempts to resume the session failed. ` +
            "What was received until then is in the run.",
          null,
        );
        return;
      }
      const longest = Math.min(LIMITS.backoffMs * 2 ** (this.fruitless - 2), LIMITS.backoffCapMs);
      const wait = this.fruitless === 1 ? 0 : longest * (0.5 + Math.random() / 2);
      this.tell({ event: "retry", at_ms: now(), attempt: this.fruitless, wait_s: wait / 1000 });
      setTimeout(() => this.connect(), wait);
    }

    look() {
      const at = now();
      if (this.state === "stopping" && at - this.lastMs > LIMITS.finishMs) {
        this.fail(
          `The service was silent for ${LIMITS.finishMs / 1000} s after the stop and did not end ` +
            "the session. What was received until then is in the run.",
          null,
        );
      } else if (this.state === "streaming" && at - this.sentMs > LIMITS.keepAliveMs) {
        if (this.socket?.readyState === WebSocket.OPEN) this.send("keep_alive", EMPTY);
      }
      if (!this.long && this.openMs && at - this.openMs > LIMITS.longMs) {
        this.long = true;
        this.warn("The session has lasted 2.8 h; the service ends sessions after 3 h.");
      }
    }

    warn(text) {
      this.tell({ event: "warning", at_ms: now(), text });
    }

    fail(text, code) {
      this.end("failed", { name: "SessionError", text, code });
    }

    end(outcome, error = null) {
      if (this.over) return;
      this.over = true;
      clearInterval(this.watch);
      clearTimeout(this.timer);
      for (const [text, count] of this.problems) {
        this.warn(`Contradictory message: ${text} (${count} times).`);
      }
      if (this.socket && this.socket.readyState <= WebSocket.OPEN) this.socket.close(1000);
      this.done(outcome, error);
    }
  }

  // Between the audio thread, the page and the service.
  class Link {
    constructor() {
      this.batch = [];
      this.session = null;
      this.kept = [];
      this.next = 0;
      this.frames = 0;
      this.clipped = 0;
      this.gap = null;
      this.lastMs = 0;
    }

    command(data) {
      if (data.kind === "open") this.open(data);
      else if (data.kind === "direct") this.session?.open(data.url, data.acknowledged);
      else if (data.kind === "abandon") this.session?.end("aborted");
      else if (data.kind === "copy") this.copy();
    }

    open({ port, rate, mode, bytesPerFrame }) {
      this.dater = new Dater(rate);
      this.rate = rate;
      this.width = bytesPerFrame;
      if (mode === "direct") {
        this.session = new Session(
          (event) => this.record(event),
          (outcome, error) => {
            this.deliver();
            postMessage({ kind: "done", outcome, error });
          },
        );
        this.stalls = setInterval(() => this.look(), LIMITS.stallMs / 4);
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
        }
        postMessage({ kind: "flushed", pieces: data.pieces, frames: this.frames, clipped: this.clipped });
      }
    }

    piece({ seq, frames, clockFrame, peak, clipped, buffer }, atMs) {
      const capturedMs = this.dater.date(clockFrame, atMs);
      this.clipped += clipped;
      postMessage({ kind: "level", peak });
      if (this.session === null) {
        this.frames += frames;
        const about = { kind: "piece", seq, frames, captured_ms: capturedMs, buffer };
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
      const data = new Uint8Array(buffer);
      this.kept.push(data);
      this.session.feed({
        seq: this.kept.length - 1,
        startFrame,
        endFrame: this.frames,
        capturedMs,
        data,
      });
    }

    lost(pieces, beganMs) {
      const frames = Math.round(((beganMs - this.capturedMs) * this.rate) / 1000);
      this.mark("gap", "lost", { pieces, frames });
      this.gap = null;
      this.session.warn(
        `${pieces} pieces of live audio, about ${(frames / this.rate).toFixed(2)} s, never came; ` +
          "the words around them are not to be trusted.",
      );
    }

    mark(event, why, fields = {}) {
      this.gap = event === "gap" ? why : null;
      this.record({ event, at_ms: now(), why, at_frame: this.frames, ...fields });
    }

    look() {
      if (this.frames === 0 || this.gap !== null) return;
      if (now() - this.lastMs > LIMITS.stallMs) {
        this.mark("gap", "stalled");
        this.session.warn(
          `No audio has come for ${LIMITS.stallMs / 1000} s. The microphone is busy or gone, or the ` +
            "computer slept; what was said meanwhile may be missing.",
        );
      }
    }

    record(event) {
      this.batch.push(event);
      if (this.batch.length === 1) this.due = setTimeout(() => this.deliver(), LIMITS.batchMs);
    }

    deliver() {
      clearTimeout(this.due);
      if (this.batch.length === 0) return;
      postMessage({ kind: "events", events: this.batch });
      this.batch = [];
    }

    // After the session the kernel gets what was sent, so that it can be saved.
    copy() {
      const size = this.kept.reduce((sum, data) => sum + data.byteLength, 0);
      const whole = new Uint8Array(size);
      let at = 0;
      for (const data of this.kept) {
        whole.set(data, at);
        at += data.byteLength;
      }
      postMessage({ kind: "copied", buffer: whole.buffer }, [whole.buffer]);
    }
  }

  const link = new Link();
  onmessage = ({ data }) => link.command(data);
  postMessage({ kind: "ready" });
}
