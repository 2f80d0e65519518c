// The protocol of a session without any input or output, as in gladia_nb/api/protocol.py: frames of
// the service and audio go in, frames to send come out. It opens no socket, reads no clock and never
// throws on what a service sends. What the two know of the service is written in Python alone and
// comes as `rules`; that they do the same is held by tests/data/protocol_vectors.json.

/** What the end of a connection means for the session; a code of null is a broken connection. */
export function classifyClose(rules, code) {
  if (code === null) return "retry";
  const [first, last] = rules.refusals;
  return rules.closes[String(code)] ?? (code >= first && code <= last ? "refused" : "retry");
}

/** A template of Python, filled in. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Audio that is not yet acknowledged, with positions in bytes of the whole session. */
export class ResumeBuffer {
  constructor() {
    this.fed = 0;
    this.sent = 0;
    this.acknowledged = 0;
    this.chunks = [];
    this.ends = new Set();
    this.next = 0;
  }

  get unacknowledged() {
    return this.fed - this.acknowledged;
  }

  append(seq, data) {
    if (data.byteLength === 0) return;
    this.chunks.push({ seq, start: this.fed, data });
    this.fed += data.byteLength;
    this.ends.add(this.fed);
  }

  /** The service has everything before byte `said`; whether that can be true. */
  acknowledge(said) {
    if (said < 0 || said > this.sent) return false;
    if (said <= this.acknowledged) return true;
    // One source calls the range inclusive. Nothing else ends one byte before a chunk does.
    const inclusive = this.ends.has(said + 1) && !this.ends.has(said);
    this.acknowledged = inclusive ? said + 1 : said;
    while (this.chunks.length && endOf(this.chunks[0]) <= this.acknowledged) {
      this.ends.delete(endOf(this.chunks.shift()));
      this.next = Math.max(0, this.next - 1);
    }
    return true;
  }

  rewind() {
    this.next = 0;
  }

  /** The next piece to send: `{seq, start, data}`, or null when all is sent. */
  take() {
    while (this.next < this.chunks.length) {
      const chunk = this.chunks[this.next];
      this.next += 1;
      // An acknowledgement can end inside a chunk; only the rest of it is sent again.
      const skip = Math.max(0, this.acknowledged - chunk.start);
      if (skip < chunk.data.byteLength) {
        this.sent = Math.max(this.sent, endOf(chunk));
        return { seq: chunk.seq, start: chunk.start + skip, data: chunk.data.subarray(skip) };
      }
    }
    return null;
  }
}

function endOf(chunk) {
  return chunk.start + chunk.data.byteLength;
}

/** A frame of the service as far as it can be read: its type, and an acknowledgement's range. */
export function parseMessage(raw) {
  let body = null;
  try {
    // A byte order mark is no JSON, here as there.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    body = JSON.parse(typeof raw === "string" ? raw : decoder.decode(raw));
  } catch {
    return { type: null, acknowledged: false, range: undefined, final: null };
  }
  return {
    type: typeof body?.type === "string" ? body.type : null,
    acknowledged: body?.acknowledged === true,
    range: body?.data?.byte_range,
    final: finalOf(body),
  };
}

/** What tells a final from others, its channel and its id; null for anything else. */
function finalOf(body) {
  const data = body?.type === "transcript" ? body.data : null;
  if (data?.is_final !== true || typeof data.id !== "string") return null;
  const channel = data.utterance?.channel;
  return `${Number.isInteger(channel) ? channel : 0} ${data.id}`;
}

/** The client's side of one live session. */
export class SessionProtocol {
  constructor(rules, { acknowledged = true } = {}) {
    this.rules = rules;
    this.state = "new";
    this.stopSent = false;
    this.problems = new Map();
    this.finals = new Set();
    this.buffer = new ResumeBuffer();
    this.hasAcknowledgements = acknowledged;
    this.probeToSend = false;
    this.finishing = false;
    this.stopDue = true;
  }

  initiated() {
    this.state = "connecting";
  }

  /** A connection is open. After a loss this first asks the service where it is. */
  opened() {
    const resuming = this.state === "lost";
    this.stopDue = true;
    if (resuming && this.hasAcknowledgements) {
      this.buffer.rewind();
      if (this.buffer.unacknowledged) {
        this.probeToSend = true;
        this.state = "resuming";
        return;
      }
    }
    this.state = "streaming";
  }

  /** Audio that is due; it is kept until the service has acknowledged it. */
  feed(seq, data) {
    if (this.finishing) throw new RangeError("no audio can follow after finish()");
    const most = this.rules.max_frame_bytes;
    if (data.byteLength > most) {
      throw new RangeError(`a frame has at most ${most} bytes, not ${data.byteLength}`);
    }
    this.buffer.append(seq, data);
  }

  finish() {
    this.finishing = true;
  }

  /** What to send now, or null when there is nothing until something else happens. */
  nextFrame() {
    if (this.state === "resuming" && this.probeToSend) {
      this.probeToSend = false;
      return { kind: "probe", wire: this.rules.empty };
    }
    if (this.state !== "streaming") return null;
    const before = this.buffer.sent;
    const piece = this.buffer.take();
    if (piece !== null) return this.audioFrame(piece, before);
    if (!this.finishing || !this.stopDue) return null;
    this.stopDue = false;
    this.stopSent = true;
    this.state = "stopping";
    return { kind: "stop", wire: this.rules.stop };
  }

  audioFrame({ seq, start, data }, before) {
    const end = start + data.byteLength;
    // Without acknowledgements it cannot be known what arrived: nothing is sent twice.
    if (!this.hasAcknowledgements) this.buffer.acknowledge(end);
    return { kind: "audio", wire: data, seq, start, end, resend: start < before };
  }

  /** The service did not answer the empty chunk in time: go on at the last acknowledgement. */
  probeUnanswered() {
    if (this.state === "resuming") this.state = "streaming";
  }

  /** A frame of the service; whether it brings the session further, as in Python. */
  receive(raw) {
    const message = parseMessage(raw);
    const before = this.buffer.acknowledged;
    if (message.type === "audio_chunk" && message.acknowledged) this.acknowledge(message.range);
    return this.buffer.acknowledged > before || this.isNewFinal(message.final);
  }

  isNewFinal(final) {
    const known = final === null || this.finals.has(final);
    if (known || this.finals.size >= this.rules.most_finals) return false;
    this.finals.add(final);
    return true;
  }

  acknowledge(range) {
    const known = Array.isArray(range) && range.length === 2 && range.every(Number.isInteger);
    if (!known) this.count(this.rules.no_range);
    else if (!this.buffer.acknowledge(range[1])) this.count(this.rules.beyond_sent);
    if (this.state === "resuming" && !this.probeToSend) this.state = "streaming";
  }

  count(problem) {
    this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
  }

  /** The connection has ended; what that means for the session. */
  closed(code) {
    const outcome = classifyClose(this.rules, code);
    this.state = outcome === "retry" ? "lost" : "ended";
    this.probeToSend = false;
    return outcome;
  }
}
