// The session as it goes: state, transcript, charts.

import { switchable } from "./bar.js";
import { chart } from "./charts.js";
import { button, h, milliseconds, panel, say, seconds } from "./dom.js";
import { transcript } from "./transcript.js";
import { waveform } from "./waveform.js";

const LEVELS = { good: ["✓", "Good"], watch: ["!", "Fair"], poor: ["✕", "Poor"] };
const COUNTERS = [
  ["partial_ms", "Partials, running"],
  ["final_ms", "Finals, running"],
  ["partials", "Partials"],
  ["finals", "Finals"],
  ["sent", "Audio sent"],
  ["acknowledged", "Acknowledged"],
  ["messages", "Messages"],
  ["connections", "Connections"],
];
/** Pieces of live audio that are drawn. */
const SPOKEN = 600;
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

/** Of them those that the headline of the finished run has instead, by its keys. */
const HEADLINE = { partial_ms: "seen", final_ms: "final" };

/** Figures that change: a list of names and values. */
function counters({ terms }) {
  const values = Object.fromEntries(COUNTERS.map(([key]) => [key, h("dd", {}, "–")]));
  const names = Object.fromEntries(COUNTERS.map(([key, title]) => [key, h("dt", {}, title)]));
  const running = Object.fromEntries(COUNTERS);
  const element = h(
    "dl",
    { class: "gnb-counters" },
    ...COUNTERS.map(([key]) => h("div", {}, names[key], values[key])),
  );
  function update(live, after) {
    // The same number wherever it is shown: what was a running median gives way to it.
    // Beside the counts of a part, as of a replay that was stopped, they would be of something else.
    const whole = live.whole && live.path && after.headline && after.path === live.path;
    for (const [key, name] of Object.entries(HEADLINE)) {
      say(names[key], whole ? terms[name].title : running[key]);
      say(values[key], whole ? after.headline.medians[name] : milliseconds(live[key]));
    }
    for (const key of ["sent", "acknowledged"]) say(values[key], seconds(live[key]));
    for (const key of ["partials", "finals", "messages", "connections"]) {
      say(values[key], String(live[key]));
    }
  }
  return { element, update };
}

/** How far the sound has been sent, on the sound itself. */
function progressBar({ model, ask, microphone }) {
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
  // What is spoken now: there is no picture of it before.
  let spoken = [];
  microphone.onLevel((peak) => {
    const { mode, running, duration } = model.get("live");
    if (!microphone.isHeld() || mode !== "live" || !running || duration !== null) return;
    spoken = [...spoken, [-peak, peak]].slice(-SPOKEN);
    drawn = spoken;
    wave.set(spoken);
  });
  // What was kept of the sound of the run that is replayed.
  let replayed = { session: null, peaks: [] };
  async function fetchKept({ session, path }) {
    replayed = { session, peaks: [] };
    const answer = path && (await ask({ kind: "waveform", path }));
    if (!answer || replayed.session !== session) return;
    replayed = { session, peaks: answer.content.peaks };
    peaks(model.get("live"));
  }
  /** The sound of what is shown, which need not be the source that is chosen now. */
  function peaks(live) {
    if (live.mode === "live" && live.duration === null && live.running) {
      if (drawn !== spoken) wave.set([]);
      drawn = spoken;
      return;
    }
    spoken = [];
    if (live.mode === "replay" && live.session !== replayed.session) fetchKept(live);
    if (live.mode === "replay" && replayed.peaks.length) {
      if (drawn !== replayed.peaks) wave.set(replayed.peaks);
      drawn = replayed.peaks;
      return;
    }
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

/** A view that can be held while the session goes on. */
function holding(hold) {
  const pause = button("Pause the view", hold, {
    class: "gnb-button gnb-small",
    "aria-pressed": "false",
  });
  const off = switchable(pause);
  const words = h("span", { class: "gnb-facts", role: "status" });
  return {
    element: h("div", { class: "gnb-row gnb-hold" }, words, pause),
    update(live, paused) {
      off(!live.running && !paused);
      pause.setAttribute("aria-pressed", String(paused));
      say(pause, paused ? "Go on with the view" : "Pause the view");
      say(words, paused ? "The view is paused; the session goes on." : "");
    },
  };
}

/** The panel of all that. */
export function livePanel(wires) {
  const { model } = wires;
  let paused = false;
  const pause = holding(hold);
  const progress = progressBar(wires);
  const words = transcript();
  const figures = counters(wires.rules);
  const pictures = charts(model);
  const end = foot();
  const parts = [pause, progress, words, figures, pictures, end];
  const element = panel("Live", "live", ...parts.map((part) => part.element));

  function hold() {
    paused = !paused;
    element.classList.toggle("gnb-paused", paused);
    update();
    lines();
    series();
  }
  function update() {
    const live = model.get("live");
    pause.update(live, paused);
    if (paused) return;
    const idle = live.mode === "idle";
    words.lay(idle ? 1 : live.channels);
    words.hint(idle || live.partials + live.finals === 0);
    progress.update(live);
    end.update(live);
    if (idle) return;
    words.partials(live.open);
    figures.update(live, model.get("after"));
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
