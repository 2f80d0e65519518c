// A microphone: `Capture` holds the device and belongs to the model, so that two views of one widget
// never open two microphones. What runs in threads of its own, the audio worklet and the link, comes
// as text: WORKLET_SOURCE and LINK_SOURCE, which the kernel puts in front of this module.

import { SENTENCES, Trouble, troubleOf } from "./trouble.js";

const NOW = () => performance.timeOrigin + performance.now();
const OPENING = "Opening the session; speak when it says Recording.";
const RECORDING = "Speak; press Stop when you are done.";
const FLUSH_MS = 1500;
const READY_MS = 4000;

/** States in which a microphone is held. */
export const HELD = ["asking", "live", "paused"];

const fromSource = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

const within = (promise, ms, value) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, value))]);

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
    this.failure = null;
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
      this.fail(troubleOf(error));
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
    const source = await this.openContext(this.model.get("sample_rate"));
    await this.openLink();
    const node = new AudioWorkletNode(this.context, "gladia-nb-tap", {
      channelCount: channels,
      channelCountMode: "explicit",
      outputChannelCount: [1],
      processorOptions: { channels, chunkMs: this.model.get("chunk_ms") },
    });
    node.onprocessorerror = () => this.broken(new Trouble("failed", "the audio thread stopped"));
    this.node = node;
    track.onended = () => this.broken(new Trouble("unplugged"));
    track.onmute = () => this.notice("muted");
    await within(this.context.resume(), READY_MS);
    if (this.context.state !== "running") {
      // Who has used the page is not held back: then it is the sound that cannot begin.
      throw new Trouble(navigator.userActivation?.hasBeenActive ? "output" : "suspended");
    }
    this.begin(track, channels, source);
  }

  async openContext(rate) {
    // Some browsers take no stream of another rate than the device's; the kernel resamples then.
    for (const options of [{ sampleRate: rate }, {}]) {
      try {
        this.context = new AudioContext(options);
        const source = this.context.createMediaStreamSource(this.stream);
        await this.addModule();
        return source;
      } catch (error) {
        await this.context?.close();
        this.context = null;
        if (error.name !== "NotSupportedError" || !options.sampleRate) throw error;
      }
    }
    return null;
  }

  async addModule() {
    const url = fromSource(WORKLET_SOURCE);
    try {
      if (!this.context.audioWorklet) throw new Trouble("insecure");
      await this.context.audioWorklet.addModule(url);
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble("worklet", error.message);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  async openLink() {
    const url = fromSource(LINK_SOURCE);
    try {
      this.link = new Worker(url);
      const ready = new Promise((resolve) => {
        this.link.onmessage = () => resolve(true);
        this.link.onerror = () => resolve(false);
      });
      if (!(await within(ready, READY_MS, false))) throw new Trouble("worklet");
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble("worklet", error.message);
    } finally {
      URL.revokeObjectURL(url);
    }
    this.link.onmessage = ({ data }) => this.fromLink(data);
  }

  begin(track, channels, source) {
    const settings = track.getSettings?.() ?? {};
    const { port1, port2 } = new MessageChannel();
    this.mode = this.model.get("mode");
    this.say("start", {
      run: this.run,
      mode: this.mode,
      rate: this.context.sampleRate,
      channels,
      device: {
        label: track.label,
        device_rate: settings.sampleRate ?? null,
        device_channels: settings.channelCount ?? null,
        latency_s: settings.latency ?? null,
        base_latency_s: this.context.baseLatency ?? null,
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
      rate: this.context.sampleRate,
      channels,
      mode,
      rules,
    };
    this.link.postMessage(open, [port2]);
    this.node.port.postMessage({ kind: "open", port: port1 }, [port1]);
    this.source = source;
    this.begun = true;
    // What is gathered before a session is open would be late in it for good.
    if (mode === "direct") this.tell(OPENING);
    else this.listen();
  }

  /** From now on what the device delivers is recorded. */
  listen() {
    if (this.stopping || this.since !== null || !this.node) return;
    this.source.connect(this.node);
    // A node that leads nowhere is not run by every browser; this one hands on silence.
    this.node.connect(this.context.destination);
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
      const { seq, frames, captured_ms } = data;
      this.say("piece", { run: this.run, seq, frames, captured_ms }, [data.buffer]);
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
    this.node.port.postMessage({ kind: "pause" });
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
    this.node.port.postMessage({ kind: "resume" });
    this.since = NOW();
    this.say("resumed", { run: this.run });
    this.tell(RECORDING);
    this.become("live");
  }

  setTracks(enabled) {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = enabled;
  }

  stop() {
    if (!this.node || !this.begun) return this.stopping;
    this.stopping ??= this.finish();
    return this.stopping;
  }

  async finish() {
    this.elapsedMs = this.elapsed;
    this.since = null;
    this.node.port.postMessage({ kind: "flush" });
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
    this.context?.close();
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
    this.node?.disconnect();
    this.link?.terminate();
    await this.context?.close();
    this.stream = this.source = this.node = this.link = this.context = null;
    this.begun = false;
    this.peak = 0;
  }

  get elapsed() {
    return this.elapsedMs + (this.since === null ? 0 : NOW() - this.since);
  }
}
