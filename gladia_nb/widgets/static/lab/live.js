// The session as it goes: state, transcript, charts.

import { chart } from "./charts.js";
import { button, h, milliseconds, panel, say, seconds, unique } from "./dom.js";
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

/** One channel: finals that stay, and behind them the partial that is still open. */
function lane(name, several) {
  const log = h("div", { role: "log", "aria-live": "polite", "aria-label": `Finals, ${name}` });
  const open = h("p", { class: "gnb-open" });
  const scroller = h(
    "div",
    { class: "gnb-transcript", tabindex: "0", role: "region", "aria-label": `Transcript, ${name}` },
    log,
    open,
  );
  const element = h("div", { class: "gnb-lane" }, several ? h("h4", {}, name) : null, scroller);
  let last = -1;
  let words = "";
  function down(work) {
    const low = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
    work();
    if (low) scroller.scrollTop = scroller.scrollHeight;
  }
  return {
    element,
    finals(lines) {
      if (!lines.length || lines[lines.length - 1].number < last) {
        log.replaceChildren();
        last = -1;
      }
      const fresh = lines.filter((line) => line.number > last);
      if (!fresh.length) return;
      down(() => {
        for (const line of fresh) {
          const at = line.start === null ? "" : line.start.toFixed(1);
          log.append(h("p", {}, h("span", { class: "gnb-at" }, at), line.text));
          last = line.number;
        }
        while (log.children.length > lines.length) log.firstChild.remove();
      });
    },
    partial(entry) {
      const text = JSON.stringify(entry?.words || []);
      if (text === words) return;
      words = text;
      down(() => {
        const parts = (entry?.words || []).flatMap(([word, changed]) => [
          changed ? h("mark", {}, word) : word,
          " ",
        ]);
        open.replaceChildren(...parts);
      });
    },
  };
}

/** Figures that change: a list of names and values. */
function facts(names) {
  const values = Object.fromEntries(names.map(([key]) => [key, h("dd", {}, "–")]));
  const element = h(
    "dl",
    { class: "gnb-counters" },
    ...names.map(([key, title]) => h("div", {}, h("dt", {}, title), values[key])),
  );
  return { element, set: (key, text) => say(values[key], text) };
}

export function livePanel({ model, send }) {
  const start = button("Start", () => send({ kind: "start" }), { class: "gnb-button gnb-primary" });
  const stop = button("Stop", () => send({ kind: stopping ? "abort" : "stop" }));
  const hold = button("Pause the view", () => pause(!paused), { "aria-pressed": "false" });
  const why = h("p", { class: "gnb-why", role: "status", id: unique("why") });
  start.setAttribute("aria-describedby", why.id);
  const glyph = h("span", { "aria-hidden": "true", class: "gnb-glyph" });
  const word = h("span", { role: "status" });
  const title = h("span", { class: "gnb-facts" });
  const state = h("p", { class: "gnb-state" }, glyph, word, title);
  const canvas = h("canvas", { class: "gnb-wave", "aria-hidden": "true" });
  const wave = waveform(canvas);
  const progress = h(
    "div",
    { role: "progressbar", "aria-label": "Audio sent", "aria-valuemin": "0", class: "gnb-progress" },
    canvas,
  );
  const left = h("p", { class: "gnb-facts gnb-left" });
  const lanes = h("div", { class: "gnb-lanes" });
  const hint = h(
    "p",
    { class: "gnb-empty" },
    "Words appear here as they come: firm once they are final, lighter while they may still " +
      "change. A word that has just changed is underlined.",
  );
  const counters = facts([
    ["partial_ms", "Partial latency, median"],
    ["final_ms", "Final latency, median"],
    ["partials", "Partials"],
    ["finals", "Finals"],
    ["sent", "Audio sent"],
    ["acknowledged", "Acknowledged"],
    ["messages", "Messages"],
    ["connections", "Connections"],
  ]);
  const health = h("p", { class: "gnb-health" });
  const note = h("p", { class: "gnb-note" });
  const stairs = chart({
    title: "Seconds of audio sent, acknowledged, transcribed",
    xTitle: "seconds since the audio began",
    least: 5,
    lines: [
      { name: "sent", title: "sent" },
      { name: "acknowledged", title: "acknowledged" },
      { name: "partial", title: "in a partial" },
      { name: "final", title: "in a final" },
    ],
  });
  const delays = chart({
    title: "Transcripts: milliseconds after their last word was sent",
    xTitle: "seconds since the audio began",
    least: 500,
    lines: [
      { name: "partial_ms", title: "partial", marks: "partial" },
      { name: "final_ms", title: "final", marks: "final" },
    ],
  });
  const element = panel(
    "Live",
    "live",
    h("div", { class: "gnb-row gnb-bar" }, start, stop, hold, why),
    h("div", { class: "gnb-row gnb-headline" }, state, left),
    progress,
    h("div", { class: "gnb-words" }, lanes, hint),
    counters.element,
    h("div", { class: "gnb-charts" }, stairs.element, delays.element),
    h("div", { class: "gnb-foot" }, health, note),
  );

  let paused = false;
  let stopping = false;
  let made = 0;
  let drawn = null;
  let channel = [];
  function pause(value) {
    paused = value;
    hold.setAttribute("aria-pressed", String(value));
    say(hold, value ? "Go on with the view" : "Pause the view");
    element.classList.toggle("gnb-paused", value);
    if (!value) {
      update();
      lines();
      series();
    }
  }
  function layLanes(count) {
    if (count === made) return;
    made = count;
    channel = Array.from({ length: count }, (_, k) => lane(count > 1 ? `channel ${k + 1}` : "all", count > 1));
    lanes.replaceChildren(...channel.map((one) => one.element));
    lanes.style.setProperty("--gnb-lanes", String(Math.min(count, 3)));
  }
  /** The sound of what is shown, which need not be the source that is chosen now. */
  function peaks() {
    const live = model.get("live");
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
  function controls() {
    const live = model.get("live");
    const setup = model.get("setup");
    const busy = live.mode === "live" && live.running;
    const replaying = live.mode === "replay" && live.running;
    stopping = busy && live.phase === "finishing";
    // Not `disabled`: that would take the focus away from under the hand.
    start.setAttribute("aria-disabled", String(busy || Boolean(setup.missing)));
    stop.setAttribute("aria-disabled", String(!busy && !replaying));
    say(stop, stopping ? "End now" : replaying ? "Stop the replay" : "Stop");
    hold.setAttribute("aria-disabled", String(!live.running && !paused));
    const idle = setup.missing || "";
    say(why, busy ? (paused ? "The view is paused; the session goes on." : "") : idle);
  }
  function update() {
    controls();
    if (paused) return;
    const live = model.get("live");
    const idle = live.mode === "idle";
    const [sign, words] = PHASES[idle ? "idle" : live.phase] || ["", live.phase];
    say(glyph, sign);
    say(word, live.mode === "replay" ? `Replay: ${words.toLowerCase()}` : words);
    say(title, idle ? "" : live.title);
    state.dataset.phase = idle ? "idle" : live.phase;
    layLanes(idle ? 1 : live.channels);
    hint.hidden = !idle && live.partials + live.finals > 0;
    const total = live.duration || 0;
    progress.setAttribute("aria-valuemax", String(Math.max(1, Math.round(total))));
    progress.setAttribute("aria-valuenow", String(Math.round(live.sent || 0)));
    progress.setAttribute("aria-valuetext", idle ? "not started" : `${seconds(live.sent)} sent`);
    peaks();
    wave.at(idle || !total ? 0 : live.sent / total);
    if (idle) {
      say(left, "");
      say(health, "");
      return;
    }
    const remaining = live.left === null ? `${seconds(live.sent)} so far` : `${seconds(live.left)} left`;
    say(left, live.running && live.phase !== "finishing" ? remaining : `${seconds(live.sent)} of audio sent`);
    channel.forEach((one, k) => one.partial(live.open.find((entry) => entry.channel === k)));
    counters.set("partial_ms", milliseconds(live.partial_ms));
    counters.set("final_ms", milliseconds(live.final_ms));
    for (const name of ["partials", "finals", "messages", "connections"]) {
      counters.set(name, String(live[name]));
    }
    counters.set("sent", seconds(live.sent));
    counters.set("acknowledged", seconds(live.acknowledged));
    const [mark, level] = LEVELS[live.health.level];
    health.dataset.level = live.health.level;
    say(health, `${mark} Stopwatch: ${level.toLowerCase()}. ${live.health.text}`);
    say(note, live.note);
  }
  function lines() {
    if (paused) return;
    const all = model.get("lines");
    channel.forEach((one, k) => one.finals(all.filter((line) => line.channel === k)));
  }
  function series() {
    if (paused) return;
    const found = model.get("series");
    const live = model.get("live");
    const sent = seconds(live.sent || 0);
    stairs.draw(
      found,
      `Audio over time: ${sent} sent, ${seconds(live.acknowledged || 0)} acknowledged, ` +
        `${live.finals || 0} finals.`,
    );
    delays.draw(
      found,
      `Latency over time: partials ${milliseconds(live.partial_ms)}, ` +
        `finals ${milliseconds(live.final_ms)} in the median.`,
    );
  }
  for (const one of [start, stop, hold]) {
    one.addEventListener(
      "click",
      (event) => {
        if (one.getAttribute("aria-disabled") === "true") event.stopImmediatePropagation();
      },
      true,
    );
  }
  return {
    element,
    update,
    lines,
    series,
    close() {
      wave.close();
      stairs.close();
      delays.close();
    },
  };
}
