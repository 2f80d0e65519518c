// What stays in view: start and stop, what the session does, its source and its service.

import { button, field, h, say, seconds, unique } from "./dom.js";
import { placeChoice } from "./place.js";

const PHASES = {
  idle: ["○", "Ready"],
  starting: ["◌", "Starting"],
  connecting: ["◌", "Connecting"],
  streaming: ["●", "Streaming"],
  reconnecting: ["▲", "Connection lost, resuming"],
  finishing: ["◑", "Audio sent, waiting for the rest"],
  finished: ["✓", "Finished"],
  stopped: ["■", "Stopped"],
  aborted: ["■", "Ended at once"],
  failed: ["✕", "Failed"],
  incomplete: ["✕", "Cut off"],
  gone: ["✕", "No kernel"],
};
/** Milliseconds by which live audio may be behind before that is said. */
const BEHIND_MS = 300;

/** What is left or done, in a few words. */
function progressOf(live) {
  if (live.mode === "idle" || live.sent === undefined) return "";
  const behind =
    live.running && live.behind_ms > BEHIND_MS ? `, ${seconds(live.behind_ms / 1000)} behind` : "";
  if (!live.running || live.phase === "finishing") return `${seconds(live.sent)} of audio sent`;
  if (live.left === null) return `${seconds(live.sent)} so far${behind}`;
  return `${seconds(live.left)} left`;
}

/** State and time, in two lines that stay where they are. */
function stateOf() {
  const glyph = h("span", { "aria-hidden": "true", class: "gnb-glyph" });
  const word = h("span", { role: "status" });
  const line = h("p", { class: "gnb-state" }, glyph, word);
  const left = h("p", { class: "gnb-facts gnb-left" });
  function update(phase, live) {
    const [sign, words] = PHASES[phase] || ["", phase];
    say(glyph, sign);
    say(
      word,
      live.mode === "replay" && phase !== "starting" ? `Replay: ${words.toLowerCase()}` : words,
    );
    const title = live.mode === "idle" ? "" : live.title;
    say(left, [progressOf(live), title].filter(Boolean).join(" · "));
    left.title = left.textContent;
    line.dataset.phase = phase;
  }
  return { element: h("div", { class: "gnb-standing" }, line, left), update };
}

/** The source, as a choice; what else it needs stands in its panel. */
function sourceChoice({ model, send }) {
  const choice = h("select", {
    id: unique("source"),
    onchange: () => send({ kind: "source", choice: choice.value }),
  });
  let names = "";
  function update() {
    const setup = model.get("setup");
    const key = JSON.stringify(setup.choices);
    if (key !== names) {
      names = key;
      choice.replaceChildren(...setup.choices.map(([value, text]) => h("option", { value }, text)));
    }
    choice.value = setup.choice;
  }
  return { element: field(choice, "Source"), update };
}

/** Buttons that can be off without losing the focus. */
export function switchable(one) {
  const deaf = (event) => {
    if (one.getAttribute("aria-disabled") === "true") event.stopImmediatePropagation();
  };
  one.addEventListener("click", deaf, true);
  return (off) => one.setAttribute("aria-disabled", String(Boolean(off)));
}

/** Milliseconds within which the state of a session that has been begun is told. */
const TOLD_MS = 1000;

/** Wait until the kernel tells the state anew: until then it is that of before. */
function toldAnew(model) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(patience);
      model.off("change:live", done);
      resolve();
    };
    const patience = setTimeout(done, TOLD_MS);
    model.on("change:live", done);
  });
}

/** Start and stop. `microphone` is what records, where that is the source. */
function goButtons({ model, send, ask }, microphone, changed) {
  let pressed = false;
  let stopping = false;
  async function begin() {
    if (pressed) return;
    pressed = true;
    changed();
    if (microphone.isSource(model.get("setup").choice)) await microphone.start();
    else {
      await ask({ kind: "start" });
      if (!model.get("live").running) await toldAnew(model);
    }
    pressed = false;
    changed();
  }
  const start = button("Start", begin, { class: "gnb-button gnb-primary" });
  const stop = button("Stop", () => {
    const { mode, running } = model.get("live");
    // At once, and not when the kernel has heard of it: the device is in this page.
    if (!(mode === "replay" && running)) microphone.stop();
    if (running) send({ kind: stopping ? "abort" : "stop" });
  });
  const startOff = switchable(start);
  const stopOff = switchable(stop);
  function update(gone) {
    const live = model.get("live");
    const busy = live.mode === "live" && live.running;
    const replaying = live.mode === "replay" && live.running;
    const starting = pressed || live.starting;
    stopping = busy && live.phase === "finishing";
    const held = microphone.isHeld();
    startOff(gone || starting || busy || held || model.get("setup").missing);
    stopOff(gone || !(busy || replaying || held));
    say(stop, stopping ? "End now" : replaying ? "Stop the replay" : "Stop");
  }
  const isStarting = () => pressed || Boolean(model.get("live").starting);
  return { start, element: h("div", { class: "gnb-go" }, start, stop), update, isStarting };
}

/** The bar of all that; `check` is the button that looks at the setup. */
export function bar(wires, microphone, check, isGone) {
  const { model } = wires;
  const why = h("p", { class: "gnb-why", role: "status", id: unique("why") });
  const go = goButtons(wires, microphone, update);
  const state = stateOf();
  const source = sourceChoice(wires);
  const service = placeChoice(wires);
  go.start.setAttribute("aria-describedby", why.id);
  const element = h(
    "section",
    { class: "gnb-bar", "aria-label": "Session" },
    // The headings of the panels stand below one that nobody needs to see.
    h("h2", { class: "gnb-unseen" }, "Lab"),
    go.element,
    state.element,
    h("div", { class: "gnb-picks" }, source.element, service.element, check.element),
    why,
  );

  /** Why the last start came to nothing, or "": said here as well, where Start is. */
  function failure(live) {
    const found = model.get("sentences").find(({ about }) => about === "start");
    return found && !live.running && !go.isStarting() ? found.text : "";
  }
  function phaseOf(live) {
    if (isGone()) return "gone";
    const busy = live.mode === "live" && live.running;
    if (!busy && go.isStarting()) return "starting";
    if (failure(live)) return "failed";
    return live.mode === "idle" ? "idle" : live.phase;
  }
  function update() {
    const live = model.get("live");
    const setup = model.get("setup");
    go.update(isGone());
    const failed = failure(live);
    // What is told of the session before is not of the one that failed to begin.
    state.update(phaseOf(live), failed && live.phase !== "failed" ? { mode: "idle" } : live);
    source.update();
    service.update(setup);
    check.update();
    const busy = live.mode === "live" && live.running;
    const now = setup.missing || failed || microphone.text();
    say(why, busy || go.isStarting() || isGone() ? "" : now);
    why.classList.toggle("gnb-failed", Boolean(failed) && why.textContent === failed);
    why.hidden = !why.textContent;
  }
  microphone.onChange(update);
  return { element, update };
}
