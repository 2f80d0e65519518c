// What a user sees of a microphone: one view of a `Capture`.

import { HELD } from "./capture.js";
import { SENTENCES } from "./trouble.js";

const STATES = {
  idle: "Ready",
  asking: "Asking",
  live: "Recording",
  paused: "Paused",
  error: "Problem",
};

let views = 0;

function make(tag, properties = {}, ...children) {
  const { role, aria = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (role) element.setAttribute("role", role);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

const pressable = (text, onclick) => make("button", { type: "button", textContent: text, onclick });
const options = (pairs) =>
  pairs.map(([value, text]) => make("option", { value, textContent: text }));

/** The controls, and what they show; drawn anew at every news of the capture. */
export class View {
  constructor(capture, model, el) {
    this.capture = capture;
    this.model = model;
    views += 1;
    this.makeChoices(`gladia-nb-mic-${views}`);
    this.makeButtons();
    this.makeSigns();
    this.root = this.lay();
    el.append(this.root);
    // Whoever shows this widget beside controls of its own begins and ends with those.
    this.root.addEventListener("gladia-nb-mic-start", () => capture.start());
    this.root.addEventListener("gladia-nb-mic-stop", () => capture.stop());
    this.update = () => this.draw();
    this.onLevel = () => this.level();
    capture.addEventListener("change", this.update);
    capture.addEventListener("level", this.onLevel);
    model.on("change:mode", this.update);
    this.clock = setInterval(() => this.tick(), 250);
    this.draw();
  }

  makeChoices(id) {
    const { capture, model } = this;
    this.device = make("select", {
      id: `${id}-device`,
      onchange: () => {
        capture.deviceId = this.device.value;
        capture.changed();
      },
    });
    const onchange = () => {
      model.set("mode", this.mode.value);
      model.save_changes();
    };
    this.mode = make("select", { id: `${id}-mode`, onchange }, ...options(capture.rules.modes));
  }

  makeButtons() {
    const { capture } = this;
    this.record = pressable("Record", () => capture.start());
    this.pause = pressable("Pause", () => {
      if (capture.state === "paused") capture.resume();
      else capture.pause();
    });
    this.stop = pressable("Stop", () => capture.stop());
    this.record.className = "gladia-nb-mic-record";
  }

  makeSigns() {
    this.bar = make("div", { className: "gladia-nb-mic-bar" });
    this.meter = make(
      "div",
      {
        className: "gladia-nb-mic-meter",
        role: "meter",
        aria: { label: "Input level", valuemin: "-60", valuemax: "0", valuenow: "-60" },
      },
      this.bar,
    );
    this.name = make("span", { className: "gladia-nb-mic-state" });
    this.time = make("span", {
      className: "gladia-nb-mic-time",
      role: "timer",
      aria: { label: "Recorded" },
    });
    this.status = make("p", {
      className: "gladia-nb-mic-status",
      role: "status",
      aria: { live: "polite" },
    });
  }

  lay() {
    return make(
      "div",
      { className: "gladia-nb-mic", role: "group", aria: { label: "Microphone" } },
      make(
        "div",
        { className: "gladia-nb-mic-fields" },
        make("label", { htmlFor: this.device.id }, "Microphone"),
        this.device,
        make("label", { htmlFor: this.mode.id }, "Purpose"),
        this.mode,
      ),
      make("div", { className: "gladia-nb-mic-buttons" }, this.record, this.pause, this.stop),
      make("div", { className: "gladia-nb-mic-line" }, this.name, this.time, this.meter),
      this.status,
    );
  }

  close() {
    clearInterval(this.clock);
    this.capture.removeEventListener("change", this.update);
    this.capture.removeEventListener("level", this.onLevel);
  }

  draw() {
    const { capture } = this;
    const elsewhere = capture.busyElsewhere;
    const { state } = capture;
    const active = HELD.includes(state);
    this.root.dataset.state = state;
    this.record.disabled = active || elsewhere;
    this.pause.disabled = !["live", "paused"].includes(state);
    this.stop.disabled = this.pause.disabled && !(state === "asking" && capture.begun);
    this.pause.textContent = state === "paused" ? "Resume" : "Pause";
    this.device.disabled = this.mode.disabled = active;
    this.mode.value = this.model.get("mode");
    this.name.textContent = elsewhere ? "In use" : STATES[state];
    const text = elsewhere ? SENTENCES.elsewhere : capture.text;
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.classList.toggle("gladia-nb-mic-error", capture.isError && !elsewhere);
    this.drawDevices();
    this.tick();
    this.level();
    this.announce("state", { state: elsewhere ? capture.shared : state, text });
  }

  /** To whoever shows this widget as a part. */
  announce(what, detail) {
    this.root.dispatchEvent(new CustomEvent(`gladia-nb-mic-${what}`, { bubbles: true, detail }));
  }

  drawDevices() {
    const { capture } = this;
    const named = capture.devices.filter(({ deviceId }) => deviceId && deviceId !== "default");
    const found = [["", "Default microphone"]].concat(
      named.map(({ deviceId, label }, k) => [deviceId, label || `Microphone ${k + 1}`]),
    );
    const key = JSON.stringify(found);
    if (key !== this.drawn) {
      this.drawn = key;
      this.device.replaceChildren(...options(found));
    }
    const known = found.some(([value]) => value === capture.deviceId);
    this.device.value = known ? capture.deviceId : "";
  }

  tick() {
    const seconds = Math.floor(this.capture.elapsed / 1000);
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  level() {
    const db = Math.max(-60, Math.min(0, 20 * Math.log10(Math.max(this.capture.peak, 1e-6))));
    this.bar.style.transform = `scaleX(${(db + 60) / 60})`;
    this.meter.setAttribute("aria-valuenow", String(Math.round(db)));
    this.meter.setAttribute("aria-valuetext", `${Math.round(db)} decibels`);
    this.meter.classList.toggle("gladia-nb-mic-full", db > -1);
    this.announce("level", { peak: this.capture.peak });
  }
}
