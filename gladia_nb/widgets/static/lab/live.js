// The session as it goes: state, transcript, charts.

import { chart } from "./charts.js";
import { button, h, milliseconds, panel, say, seconds, unique } from "./dom.js";
import { transcript } from "./transcript.js";
import { waveform } from "./waveform.js";

const PHASES = {
  idle: ["○", "Ready"],
  connecting: ["◌", "Connecting"],
  streaming: ["●", "Streaming"],
  reconnecting: ["▲", "Connection lost, resuming"],
  finishing: ["◑", "Audio sent, waiting for the rest"],
  finished: ["✓", "Finished"],
  stopped: ["■", "Stopped"],
  aborted: ["■", "Ended at once"],
  failed: ["✕", "Failed"],
};
const LEVELS = { good: ["✓", "Good"], watch: ["!", "Fair"], poor: ["✕", "Poor"] };
const COUNTERS = [
  ["partial_ms", "Partial latency, median"],
  ["final_ms", "Final latency, median"],
  ["partials", "Partials"],
  ["finals", "Finals"],
  ["sent", "Audio sent"],
  ["acknowledged", "Acknowledged"],
  ["messages", "Messages"],
  ["connections", "Connections"],
];
const STAIRS = {
  title: "Seconds of audio sent, acknowledged, transcribed",
  xTitle: "seconds since the audio began",
  least: 5,
  lines: [
    { name: "sent", title: "sent" },
    { name: "acknowledged", title: "acknowledged" },
    { name: "partial", title: "in a partial" },
    { name: "final", title: "in a final" },
  ],
};
const DELAYS = {
  title: "Transcripts: milliseconds after their last word was sent",
  xTitle: "seconds since the audio began",
  least: 500,
  lines: [
    { name: "partial_ms", title: "partial", marks: "partial" },
    { name: "final_ms", title: "final", marks: "final" },
  ],
};

/** Figures that change: a list of names and values. */
function counters() {
  const values = Object.fromEntries(COUNTERS.map(([key]) => [key, h("dd", {}, "–")]));
  const element = h(
    "dl",
    { class: "gnb-counters" },
    ...COUNTERS.map(([key, title]) => h("div", {}, h("dt", {}, title), values[key])),
  );
  function update(live) {
    for (const key of ["partial_ms", "final_ms"]) say(values[key], milliseconds(live[key]));
    for (const key of ["sent", "acknowledged"]) say(values[key], seconds(live[key]));
    for (const key of ["partials", "finals", "messages", "connections"]) {
      say(values[key], String(live[key]));
    }
  }
  return { element, update };
}

/** How far the sound has been sent, on the sound itself. */
function progressBar(model) {
  const canvas = h("canvas", { class: "gnb-wave", "aria-hidden": "true" });
  const wave = waveform(canvas);
  const element = h(
    "div",
    {
      role: "progressbar",
      "aria-label": "Audio sent",
      "aria-valuemin": "0",
      class: "gnb-progress",
    },
    canvas,
  );
  let drawn = null;
  /** The sound of what is shown, which need not be the source that is chosen now. */
  function peaks(live) {
    const { sound } = model.get("setup");
    const title = live.mode === "idle" ? sound.name : live.title;
    if (title === sound.name) {
      if (drawn !== sound.peaks) wave.set(sound.peaks);
      drawn = sound.peaks;
    } else if (drawn !== null && live.mode === "replay") {
      wave.set([]);
      drawn = null;
    }
  }
  function update(live) {
    const idle = live.mode === "idle";
    const total = live.duration || 0;
    element.setAttribute("aria-valuemax", String(Math.max(1, Math.round(total))));
    element.setAttribute("aria-valuenow", String(Math.round(live.sent || 0)));
    element.setAttribute("aria-valuetext", idle ? "not started" : `${seconds(live.sent)} sent`);
    peaks(live);
    wave.at(idle || !total ? 0 : live.sent / total);
  }
  return { element, update, close: wave.close };
}

/** What the session does, in a word and a sign; and how much is left. */
function headline() {
  const glyph = h("span", { "aria-hidden": "true", class: "gnb-glyph" });
  const word = h("span", { role: "status" });
  const title = h("span", { class: "gnb-facts" });
  const state = h("p", { class: "gnb-state" }, glyph, word, title);
  const left = h("p", { class: "gnb-facts gnb-left" });
  function remaining(live) {
    if (!live.running || live.phase === "finishing") return `${seconds(live.sent)} of audio sent`;
    return live.left === null ? `${seconds(live.sent)} so far` : `${seconds(live.left)} left`;
  }
  function update(live) {
    const idle = live.mode === "idle";
    const phase = idle ? "idle" : live.phase;
    const [sign, words] = PHASES[phase] || ["", phase];
    say(glyph, sign);
    say(word, live.mode === "replay" ? `Replay: ${words.toLowerCase()}` : words);
    say(title, idle ? "" : live.title);
    say(left, idle ? "" : remaining(live));
    state.dataset.phase = phase;
  }
  return { element: h("div", { class: "gnb-row gnb-headline" }, state, left), update };
}

/** Start, stop, and a view that can be held while the session goes on. */
function controls({ model, send }, hold) {
  let stopping = false;
  const why = h("p", { class: "gnb-why", role: "status", id: unique("why") });
  const start = button("Start", () => send({ kind: "start" }), {
    class: "gnb-button gnb-primary",
    "aria-describedby": why.id,
  });
  const stop = button("Stop", () => send({ kind: stopping ? "abort" : "stop" }));
  const pause = button("Pause the view", hold, { "aria-pressed": "false" });
  for (const one of [start, stop, pause]) {
    const deaf = (event) => {
      if (one.getAttribute("aria-disabled") === "true") event.stopImmediatePropagation();
    };
    one.addEventListener("click", deaf, true);
  }
  function update(paused) {
    const live = model.get("live");
    const { missing } = model.get("setup");
    const busy = live.mode === "live" && live.running;
    const replaying = live.mode === "replay" && live.running;
    stopping = busy && live.phase === "finishing";
    // Not `disabled`: that would take the focus away from under the hand.
    start.setAttribute("aria-disabled", String(busy || Boolean(missing)));
    stop.setAttribute("aria-disabled", String(!busy && !replaying));
    pause.setAttribute("aria-disabled", String(!live.running && !paused));
    pause.setAttribute("aria-pressed", String(paused));
    say(stop, stopping ? "End now" : replaying ? "Stop the replay" : "Stop");
    say(pause, paused ? "Go on with the view" : "Pause the view");
    const held = paused ? "The view is paused; the session goes on." : "";
    say(why, busy ? held : missing || "");
  }
  return { element: h("div", { class: "gnb-row gnb-bar" }, start, stop, pause, why), update };
}

/** Two charts of the session so far. */
function charts(model) {
  const stairs = chart(STAIRS);
  const delays = chart(DELAYS);
  function update() {
    const found = model.get("series");
    const live = model.get("live");
    const known = `${seconds(live.sent || 0)} sent, ${seconds(live.acknowledged || 0)} acknowledged`;
    stairs.draw(found, `Audio over time: ${known}, ${live.finals || 0} finals.`);
    const [partial, final] = [live.partial_ms, live.final_ms].map(milliseconds);
    delays.draw(found, `Latency over time: partials ${partial}, finals ${final} in the median.`);
  }
  function close() {
    stairs.close();
    delays.close();
  }
  const element = h("div", { class: "gnb-charts" }, stairs.element, delays.element);
  return { element, update, close };
}

/** How the stopwatch is, and what else is to be said. */
function foot() {
  const health = h("p", { class: "gnb-health" });
  const note = h("p", { class: "gnb-note" });
  function update(live) {
    if (live.mode === "idle") {
      say(health, "");
      return;
    }
    const [mark, level] = LEVELS[live.health.level];
    health.dataset.level = live.health.level;
    say(health, `${mark} Stopwatch: ${level.toLowerCase()}. ${live.health.text}`);
    say(note, live.note);
  }
  return { element: h("div", { class: "gnb-foot" }, health, note), update };
}

/** The panel of all that. */
export function livePanel(wires) {
  const { model } = wires;
  let paused = false;
  const bar = controls(wires, hold);
  const title = headline();
  const progress = progressBar(model);
  const words = transcript();
  const figures = counters();
  const pictures = charts(model);
  const end = foot();
  const parts = [bar, title, progress, words, figures, pictures, end];
  const element = panel("Live", "live", ...parts.map((part) => part.element));

  function hold() {
    paused = !paused;
    element.classList.toggle("gnb-paused", paused);
    update();
    lines();
    series();
  }
  function update() {
    bar.update(paused);
    if (paused) return;
    const live = model.get("live");
    const idle = live.mode === "idle";
    title.update(live);
    words.lay(idle ? 1 : live.channels);
    words.hint(idle || live.partials + live.finals === 0);
    progress.update(live);
    end.update(live);
    if (idle) return;
    words.partials(live.open);
    figures.update(live);
  }
  function lines() {
    if (!paused) words.finals(model.get("lines"));
  }
  function series() {
    if (!paused) pictures.update();
  }
  function close() {
    progress.close();
    pictures.close();
  }
  return { element, update, lines, series, close };
}
