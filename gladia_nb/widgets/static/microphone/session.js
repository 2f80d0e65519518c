// One session over one WebSocket after the other, by the rules of the kernel's own: what
// gladia_nb/worker/session.py is there. What is sent and when is decided in protocol.js.

import { fill, SessionProtocol } from "./protocol.js";

/** Milliseconds on the clock of all stamps: since 1970, as this page counts them. */
export const now = () => performance.timeOrigin + performance.now();

/** Milliseconds between two looks at what time alone decides. */
const LOOK_MS = 1000;

/**
 * A session that is held here. `tell(event)` is called with each event of the record,
 * `done(outcome, error)` once, at the end, and `ready()` when it is open for the first time.
 */
export class Session {
  constructor(rules, tell, done, ready = () => {}) {
    this.rules = rules;
    this.limits = rules.limits_ms;
    this.sentences = rules.sentences;
    this.tell = tell;
    this.done = done;
    this.ready = ready;
    this.waiting = [];
    this.schedule = new Map();
    this.socket = null;
    this.number = 0;
    this.fruitless = 0;
    // A browser does not say why; the console of the page does.
    this.why = "the browser does not say why";
    this.wasQuiet = false;
    this.stopMs = 0;
    this.progress = false;
    this.finishing = false;
    this.over = false;
    this.lastMs = now();
    this.sentMs = this.lastMs;
    this.openMs = 0;
    this.isLong = false;
  }

  open(url, acknowledged) {
    this.url = url;
    this.protocol = new SessionProtocol(this.rules, { acknowledged });
    this.protocol.initiated();
    this.watch = setInterval(() => this.look(), LOOK_MS);
    for (const chunk of this.waiting) this.feed(chunk);
    this.waiting = [];
    if (this.finishing) this.protocol.finish();
    this.connect();
  }

  connect() {
    if (this.over) return;
    this.number += 1;
    this.progress = false;
    const number = this.number;
    const startMs = now();
    this.connectMs = startMs;
    let opened = false;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened = true;
      this.connected(number, startMs, now(), null);
      this.opened();
    };
    socket.onmessage = ({ data }) => this.receive(data, number, now());
    socket.onclose = ({ code, reason }) => {
      const atMs = now();
      if (opened) this.closed(code === 1006 ? null : code, reason, number, atMs);
      else {
        // A browser does not say why; the console of the page does.
        const error = "The WebSocket could not be opened from the browser.";
        this.connected(number, startMs, atMs, error);
        this.retry(false);
      }
    };
  }

  connected(connection, startMs, endMs, error) {
    this.tell({ event: "connect", connection, start_ms: startMs, end_ms: endMs, error });
  }

  opened() {
    this.lastMs = now();
    this.sentMs = this.lastMs;
    if (!this.openMs) this.ready();
    this.openMs = this.openMs || this.lastMs;
    this.protocol.opened();
    this.flush();
    if (this.protocol.state === "resuming") {
      this.timer = setTimeout(() => this.unanswered(), this.limits.probe);
    }
  }

  unanswered() {
    if (this.protocol.state !== "resuming") return;
    this.protocol.probeUnanswered();
    this.warn(this.sentences.unanswered);
    this.flush();
  }

  // -- what is sent --

  /** Audio that is due, `{seq, startFrame, endFrame, capturedMs, data}`, connected or not. */
  feed(chunk) {
    if (this.over) return;
    if (!this.protocol) {
      this.waiting.push(chunk);
      return;
    }
    const { seq, startFrame, endFrame, capturedMs, data } = chunk;
    this.schedule.set(seq, { start_frame: startFrame, end_frame: endFrame, due_ms: capturedMs });
    try {
      this.protocol.feed(seq, data);
    } catch (error) {
      this.fail(`The audio could not be sent: ${error.message}.`, null);
      return;
    }
    this.flush();
  }

  finish() {
    this.finishing = true;
    this.protocol?.finish();
    this.flush();
  }

  flush() {
    while (this.protocol && this.socket?.readyState === WebSocket.OPEN) {
      const frame = this.protocol.nextFrame();
      if (frame === null) return;
      if (frame.kind === "audio") {
        const { seq, start, end, resend } = frame;
        const place = { seq, ...this.schedule.get(seq), start_byte: start, end_byte: end };
        this.send("chunk", frame.wire, { ...place, resend });
      } else this.send(frame.kind, frame.wire);
    }
  }

  send(event, wire, fields = {}) {
    const startMs = now();
    this.socket.send(wire);
    this.sentMs = now();
    const stamps = { send_start_ms: startMs, send_end_ms: this.sentMs };
    this.tell({ event, ...fields, ...stamps, connection: this.number });
  }

  // -- what comes --

  receive(data, number, atMs) {
    this.lastMs = atMs;
    if ((data.length ?? data.byteLength) >= this.rules.max_message_bytes) {
      this.fail(fill(this.sentences.unfit, { fault: this.rules.too_large }), null);
      return;
    }
    const event = { event: "message", recv_ms: atMs, connection: number, via: "websocket" };
    if (typeof data === "string") this.tell({ ...event, raw: data });
    else this.tell({ ...event, bytes: [...new Uint8Array(data)], binary: true });
    const resuming = this.protocol.state === "resuming";
    if (this.protocol.receive(data)) this.progress = true;
    if (resuming && this.protocol.state !== "resuming") {
      clearTimeout(this.timer);
      this.flush();
    }
  }

  closed(code, reason, number, atMs) {
    clearTimeout(this.timer);
    const outcome = this.protocol.closed(code);
    this.tell({ event: "close", at_ms: atMs, connection: number, code, reason, outcome });
    if (this.over) return;
    const { stopSent } = this.protocol;
    if (outcome === "retry") this.lost(code, reason, atMs);
    else if (outcome === "finished") {
      if (!stopSent) this.warn(this.sentences.ended_early);
      this.end("finished");
    } else if (outcome === "already ended" && stopSent) {
      this.warn(this.sentences.ended_meanwhile);
      this.end("finished");
    } else {
      const what = this.rules.why_closed[outcome];
      const said = reason ? `: ${reason}` : "";
      this.fail(fill(this.sentences.closed, { what, code, said }), code);
    }
  }

  lost(code, reason, atMs) {
    this.why = code === null ? "no close frame" : `close code ${code}${reason && `: ${reason}`}`;
    const quiet = code === this.rules.quiet;
    if (quiet && !this.wasQuiet) {
      this.wasQuiet = true;
      this.warn(this.sentences.quiet);
    }
    if (quiet && this.protocol.stopSent && !this.protocol.buffer.unacknowledged) {
      this.end("finished");
      return;
    }
    // A speaker may pause for long. Only a service that says so at once is given up.
    const held = quiet && atMs - this.connectMs > this.limits.keep_alive;
    this.retry(this.progress || held);
  }

  retry(progress) {
    if (this.over) return;
    if (progress) this.fruitless = 0;
    this.fruitless += 1;
    const { why, number: connections } = this;
    if (!this.openMs && this.fruitless >= this.rules.openings) {
      this.fail(fill(this.sentences.not_opened, { why }), null);
      return;
    }
    if (this.fruitless > this.rules.attempts) {
      this.fail(fill(this.sentences.not_resumed, { why }), null);
      return;
    }
    if (connections >= this.rules.connections) {
      this.fail(fill(this.sentences.too_often, { connections, why }), null);
      return;
    }
    const { backoff, backoff_cap: cap, apart } = this.limits;
    const longest = Math.min(backoff * 2 ** (this.fruitless - 2), cap);
    // Half fixed, half random: many clients that lost one server shall not come back at once.
    const doubled = this.fruitless === 1 ? 0 : longest * (0.5 + Math.random() / 2);
    // A service that lets go at once is not asked again at once.
    const wait = Math.max(doubled, apart - (now() - this.connectMs));
    this.tell({ event: "retry", at_ms: now(), attempt: this.fruitless, wait_s: wait / 1000 });
    setTimeout(() => this.connect(), wait);
  }

  /** What time alone decides: silence of either side, and the length of the session. */
  look() {
    const at = now();
    const { state } = this.protocol;
    if (state === "stopping") {
      this.stopMs = this.stopMs || at;
      if (at - this.lastMs > this.limits.finish) this.fail(this.sentences.silent, null);
      else if (at - this.stopMs > this.limits.ending) this.fail(this.sentences.unending, null);
    } else if (state === "streaming" && at - this.sentMs > this.limits.keep_alive) {
      if (this.socket?.readyState === WebSocket.OPEN) this.send("keep_alive", this.rules.empty);
    }
    if (!this.isLong && this.openMs && at - this.openMs > this.limits.long) {
      this.isLong = true;
      this.warn(this.sentences.long);
    }
  }

  warn(text) {
    this.tell({ event: "warning", at_ms: now(), text });
  }

  // -- the end --

  fail(text, code) {
    this.end("failed", { name: "SessionError", text, code });
  }

  end(outcome, error = null) {
    if (this.over) return;
    this.over = true;
    clearInterval(this.watch);
    clearTimeout(this.timer);
    for (const [problem, count] of this.protocol?.problems ?? []) {
      this.warn(fill(this.sentences.contradiction, { problem, count }));
    }
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) this.socket.close(1000);
    this.done(outcome, error);
  }
}
