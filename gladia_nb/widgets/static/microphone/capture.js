// A microphone: `Capture` holds the device and belongs to the model, so that two views of one widget
// never open two microphones. What runs in threads of its own, the taps and the link, comes as text:
// TRACK_SOURCE, WORKLET_SOURCE and LINK_SOURCE, which the kernel puts in front of this module.

import { openTap } from "./tap.js";
import { startWorker, within } from "./threads.js";
import { SENTENCES, Trouble, troubleOf } from "./trouble.js";

const NOW = () => performance.timeOrigin + performance.now();
const OPENING = "Opening the session; speak when it says Recording.";
const RECORDING = "Speak; press Stop when you are done.";
const FLUSH_MS = 1500;

/** States in which a microphone is held. */
export const HELD = ["asking", "live", "paused"];

/** The device, its recording and its session; an event `change` or `level` tells of news. */
export class Capture extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.page = crypto.randomUUID?.() ?? `${Math.random()}`;
    this.state = "idle";
    this.text = "";
    this.isError = false;
    this.peak = 0;
    this.devices = [];
    this.deviceId = "";
    this.elapsedMs = 0;
    this.since = null;
    this.mine = false;
    // Whether the kernel knows of the recording, which then has to be ended properly.
    this.begun = false;
    this.run = 0;
    this.onMessage = (content) => this.hear(content);
    this.onVisibility = () => this.visibility();
    this.onGone = () => this.gone();
    this.onDevices = () => this.findDevices();
    model.on("msg:custom", this.onMessage);
    model.on("change:state", () => this.changed());
    document.addEventListener("visibilitychange", this.onVisibility);
    window.addEventListener("pagehide", this.onGone);
    navigator.mediaDevices?.addEventListener?.("devicechange", this.onDevices);
    this.say("hello");
    this.findDevices();
  }

  destroy() {
    this.gone();
    this.model.off("msg:custom", this.onMessage);
    document.removeEventListener("visibilitychange", this.onVisibility);
    window.removeEventListener("pagehide", this.onGone);
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.onDevices);
  }

  // -- with the kernel --

  say(kind, fields = {}, buffers = undefined) {
    this.model.send({ kind, page: this.page, ...fields }, undefined, buffers);
  }

  hear(content) {
    // Every page of this kernel hears everything; only one of them records.
    if (content.page !== undefined && content.page !== this.page) return;
    if (content.kind === "ping") this.say("pong", { number: content.number, at_ms: NOW() });
    else if (content.kind === "stop") this.stop();
    else if (content.kind === "direct" && content.run === this.run) {
      this.link?.postMessage({
        kind: "direct",
        url: content.url,
        acknowledged: content.acknowledged,
      });
    } else if (content.kind === "note") this.tell(content.text, content.error === true);
    else if (content.kind === "failed" && content.run === this.run) {
      this.link?.postMessage({ kind: "abandon" });
      this.failure = content.text;
      this.stop();
    }
  }

  /** What the kernel knows of the service, of the protocol and of this page. */
  get rules() {
    return this.model.get("rules");
  }

  get shared() {
    return this.model.get("state");
  }

  get busyElsewhere() {
    return !this.mine && HELD.includes(this.shared);
  }

  become(state) {
    this.state = state;
    // A change of a trait also makes JupyterLab serve this widget beside the running cell.
    this.model.set("state", state);
    this.model.save_changes();
    this.changed();
  }

  tell(text, isError = false) {
    this.text = text;
    this.isError = isError;
    this.model.set("message", text);
    this.model.save_changes();
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  // -- the device --

  async findDevices() {
    try {
      const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
      this.devices = all.filter((device) => device.kind === "audioinput");
    } catch {
      this.devices = [];
    }
    this.changed();
  }

  async start() {
    if (this.mine || this.busyElsewhere) return;
    this.mine = true;
    this.run += 1;
    this.failure = this.trouble = null;
    this.stopping = null;
    this.begun = false;
    // Bytes of sound of a session that is held here which the kernel has got.
    this.handedOver = 0;
    this.elapsedMs = 0;
    this.since = null;
    this.say("asking", { mode: this.model.get("mode") });
    this.tell("Asking the browser for the microphone.");
    this.become("asking");
    try {
      await this.open();
    } catch (error) {
      await this.release();
      // A page that has gone meanwhile has said so, and waits for nothing.
      if (this.mine) this.fail(troubleOf(error));
    }
  }

  async open() {
    if (!window.isSecureContext) throw new Trouble("insecure");
    if (!navigator.mediaDevices?.getUserMedia) throw new Trouble("host");
    const channels = this.model.get("channels");
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        channelCount: channels,
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
        ...(this.deviceId ? { deviceId: { exact: this.deviceId } } : {}),
      },
    });
    this.findDevices();
    const [track] = this.stream.getAudioTracks();
    track.onended = () => this.broken(new Trouble("unplugged"));
    track.onmute = () => this.notice("muted");
    const rate = this.model.get("sample_rate");
    const wishes = { rate, channels, chunkMs: this.model.get("chunk_ms") };
    const parts = [
      openTap(this.stream, wishes, (trouble) => this.broken(trouble)).then((tap) => {
        this.tap = tap;
      }),
      startWorker(LINK_SOURCE).then((link) => {
        this.link = link;
      }),
    ];
    // Both at the same time, and where one fails the other is there to be let go of.
    const failed = (await Promise.allSettled(parts)).find(({ reason }) => reason);
    if (failed) throw failed.reason;
    this.link.onmessage = ({ data }) => this.fromLink(data);
    // The device, or this page, may have gone meanwhile.
    if (this.trouble) throw this.trouble;
    if (!this.mine || track.readyState === "ended") throw new Trouble("unplugged");
    this.begin(track, channels);
  }

  begin(track, channels) {
    const settings = track.getSettings?.() ?? {};
    const { port1, port2 } = new MessageChannel();
    this.mode = this.model.get("mode");
    this.say("start", {
      run: this.run,
      mode: this.mode,
      rate: this.tap.rate,
      channels,
      device: {
        capture: this.tap.capture,
        label: track.label,
        device_rate: settings.sampleRate ?? null,
        device_channels: settings.channelCount ?? null,
        latency_s: settings.latency ?? null,
        base_latency_s: this.tap.baseLatencyS,
        echo_cancellation: settings.echoCancellation ?? null,
        noise_suppression: settings.noiseSuppression ?? null,
        auto_gain_control: settings.autoGainControl ?? null,
      },
    });
    this.flushed = new Promise((resolve) => {
      this.whenFlushed = resolve;
    });
    this.finished = new Promise((resolve) => {
      this.whenFinished = resolve;
    });
    const { rules, mode } = this;
    const open = {
      kind: "open",
      port: port2,
      rate: this.tap.rate,
      channels,
      mode,
      rules,
    };
    this.link.postMessage(open, [port2]);
    this.tap.open(port1);
    this.begun = true;
    // What is gathered before a session is open would be late in it for good.
    if (mode === "direct") this.tell(OPENING);
    else this.listen();
  }

  /** From now on what the device delivers is recorded. */
  listen() {
    if (this.stopping || this.since !== null || !this.tap) return;
    this.tap.listen();
    this.since = NOW();
    this.tell(RECORDING);
    this.become("live");
  }

  fromLink(data) {
    if (data.kind === "opened") this.listen();
    else if (data.kind === "zeros") {
      const { at_ms, at_frame, frames } = data;
      this.say("zeros", { run: this.run, at_ms, at_frame, frames });
    } else if (data.kind === "level") {
      this.peak = data.peak;
      this.dispatchEvent(new Event("level"));
    } else if (data.kind === "piece") {
      const { seq, left_out, frames, captured_ms } = data;
      this.say("piece", { run: this.run, seq, left_out, frames, captured_ms }, [data.buffer]);
    } else if (data.kind === "events") {
      const { events, sound_at, sound } = data;
      this.handedOver = sound_at + sound.byteLength;
      const about = { run: this.run, events, sound_at };
      this.say("events", about, sound.byteLength ? [sound] : undefined);
    } else if (data.kind === "paused") this.say("paused", { run: this.run, at_ms: data.at_ms });
    else if (data.kind === "flushed") this.whenFlushed(data);
    else if (data.kind === "done") {
      this.say("done", { run: this.run, outcome: data.outcome, error: data.error });
      if (data.error) this.failure = data.error.text;
      this.whenFinished();
      // The service may end a session that is still being spoken to.
      this.stop();
    }
  }

  // -- what a user does --

  pause() {
    if (this.state !== "live") return;
    this.tap.pause();
    this.setTracks(false);
    this.elapsedMs = this.elapsed;
    this.since = null;
    this.peak = 0;
    this.tell("Paused; nothing is recorded.");
    this.become("paused");
  }

  resume() {
    if (this.state !== "paused") return;
    this.setTracks(true);
    this.tap.resume();
    this.since = NOW();
    this.say("resumed", { run: this.run });
    this.tell(RECORDING);
    this.become("live");
  }

  setTracks(enabled) {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = enabled;
  }

  stop() {
    if (!this.tap || !this.begun) return this.stopping;
    this.stopping ??= this.finish();
    return this.stopping;
  }

  async finish() {
    this.elapsedMs = this.elapsed;
    this.since = null;
    this.tap.flush();
    const end = (await within(this.flushed, FLUSH_MS, null)) ?? {};
    for (const track of this.stream.getTracks()) track.stop();
    this.say("end", { run: this.run, pieces: end.pieces ?? null, clipped: end.clipped ?? null });
    if (this.mode === "direct") await this.finishDirect();
    await this.release();
    if (this.trouble) this.fail(this.trouble);
    else if (this.failure) this.show(this.failure);
    else {
      this.tell(this.mode === "take" ? "Recorded." : "Stopped.");
      this.mine = false;
      this.become("idle");
    }
  }

  async finishDirect() {
    if (!this.failure) this.tell("Waiting for the last words.");
    if (
      !(await within(
        this.finished.then(() => true),
        this.rules.longest_ms,
        false,
      ))
    ) {
      this.link.postMessage({ kind: "abandon" });
      await this.finished;
    }
    // The sound went over piece by piece; so much of it there is.
    this.say("handed_over", { run: this.run, sound_bytes: this.handedOver });
  }

  broken(trouble) {
    if (this.stopping) return;
    this.trouble = trouble;
    this.tell(trouble.message, true);
    this.stop();
  }

  notice(code) {
    if (!this.mine) return;
    this.say("notice", { run: this.run, code, text: SENTENCES[code] });
    this.tell(SENTENCES[code]);
  }

  visibility() {
    if (document.hidden && this.state === "live") this.notice("hidden");
    else if (this.state === "live") this.tell(RECORDING);
  }

  gone() {
    if (!this.mine) return;
    this.say("gone", { run: this.run });
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.link?.terminate();
    this.tap?.close();
    this.mine = false;
  }

  fail(trouble) {
    this.trouble = null;
    this.say("error", { run: this.run, code: trouble.code, text: trouble.message });
    this.show(trouble.message);
  }

  show(text) {
    this.mine = false;
    this.tell(text, true);
    this.become("error");
  }

  async release() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.link?.terminate();
    await this.tap?.close();
    this.stream = this.tap = this.link = null;
    this.begun = false;
    this.peak = 0;
  }

  get elapsed() {
    return this.elapsedMs + (this.since === null ? 0 : NOW() - this.since);
  }
}
