// The Lab: panels in one grid, wired to the model.

import { afterPanel } from "./after.js";
import { bar } from "./bar.js";
import { checkButton, checkPanel } from "./check.js";
import { h } from "./dom.js";
import { errorRegions } from "./errors.js";
import { kernelWatch } from "./kernel.js";
import { livePanel } from "./live.js";
import { microphoneSlot } from "./microphone_slot.js";
import { settingsPanel } from "./settings.js";
import { shelfPanel } from "./shelf.js";
import { sourcePanel, takeDrops } from "./source.js";
import { studyPanel } from "./study.js";

/** Pixels from which on there are two columns, and those around everything; as in base.css. */
const WIDE = 900;
const PADDING = 12;

/** Commands to the kernel, and what it answers to this view. */
function commands(model) {
  const view = Math.random().toString(36).slice(2);
  const waiting = new Map();
  let asked = 0;
  const send = (content, buffers) => {
    try {
      model.send(content, undefined, buffers);
    } catch {
      // Without a kernel nobody hears it; that is said above everything.
    }
  };
  /** Send a command and wait for its answer; null when it was refused, which is said in words. */
  function ask(content, buffers) {
    asked += 1;
    const ticket = `${view}-${asked}`;
    send({ ...content, ticket }, buffers);
    return new Promise((resolve) => waiting.set(ticket, resolve));
  }
  function receive(content, buffers) {
    const resolve = waiting.get(content?.ticket);
    if (!resolve) return;
    waiting.delete(content.ticket);
    resolve(content.kind === "refused" ? null : { content, buffers });
  }
  return { view, send, ask, receive };
}

/** To save is a command of the notebook wherever its key is pressed: hand the key on. */
function saveNotebook(event, root) {
  const notebook = root.closest(".jp-Notebook");
  if (!notebook) return;
  event.preventDefault();
  const { key, code, keyCode, ctrlKey, metaKey } = event;
  const same = { key, code, keyCode, ctrlKey, metaKey, bubbles: true, cancelable: true };
  notebook.dispatchEvent(new KeyboardEvent("keydown", same));
}

/** Panels in their places: what stays in view, then what is seen first. */
function frame({ watch, top, alert, check, source, settings, live, rest }) {
  const root = h(
    "div",
    {
      class: "gnb-lab",
      role: "group",
      "aria-label": "Lab for live transcription",
      // Keys that are typed here are no commands of the notebook.
      "data-lm-suppress-shortcuts": "true",
    },
    top.element,
    watch.element,
    alert.element,
    check.element,
    h(
      "div",
      { class: "gnb-grid" },
      live.element,
      h("div", { class: "gnb-side" }, source.element, settings.element),
      h("div", { class: "gnb-rest" }, ...rest.map((part) => part.element)),
    ),
  );
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s")
      saveNotebook(event, root);
  });
  return root;
}

/** Settings fold where there is no room beside the live view; what was opened by hand stays. */
function watchWidth(root, panels) {
  let wide = null;
  const watch = new ResizeObserver(() => {
    const width = root.clientWidth - 2 * PADDING;
    if (!root.clientWidth || width >= WIDE === wide) return;
    wide = width >= WIDE;
    for (const one of panels) one.fold(wide);
  });
  watch.observe(root);
  return () => watch.disconnect();
}

/** Say when this page comes and goes; what it returns says the last goodbye. */
function attend({ view, send }) {
  const leave = () => send({ kind: "leave", view });
  const back = (event) => event.persisted && send({ kind: "hello", view });
  send({ kind: "hello", view });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", back);
  return () => {
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", back);
    leave();
  };
}

/** What is live comes in pieces: put them together for every view of the model. */
function initialize({ model }) {
  function take(content) {
    if (content?.kind !== "news") return;
    const { number, fresh, live, lines, series } = content;
    if (number <= model.get("number")) return;
    if (number > model.get("number") + 1) {
      // Something was missed, as while the page slept.
      model.send({ kind: "missed" });
      return;
    }
    model.set("number", number);
    if (fresh || lines) model.set("lines", withLines(fresh ? [] : model.get("lines"), lines));
    if (fresh || series) model.set("series", withPoints(fresh ? {} : model.get("series"), series));
    if (live) model.set("live", { ...model.get("live"), ...live });
  }
  model.on("msg:custom", take);
  return () => model.off("msg:custom", take);
}

function withLines(had, { from, add } = { from: 0, add: [] }) {
  const first = add.length ? add[0].number : Number.POSITIVE_INFINITY;
  return [...had.filter(({ number }) => number >= from && number < first), ...add];
}

function withPoints(had, series = {}) {
  const now = { ...had };
  for (const [name, { keep, add }] of Object.entries(series)) {
    now[name] = [...(had[name] ?? []).slice(0, keep), ...add];
  }
  return now;
}

/** Everything that is shown, wired to the model. */
function makeParts(model, kernel) {
  const rules = model.get("rules");
  const microphone = microphoneSlot(rules);
  const wires = {
    model,
    send: kernel.send,
    ask: kernel.ask,
    slot: microphone.element,
    microphone,
    rules,
  };
  const watch = kernelWatch(model, () => parts.top.update());
  const looker = checkButton(wires, watch.isGone);
  const parts = {
    watch,
    top: bar(wires, microphone, looker, watch.isGone),
    check: checkPanel(wires, looker.element),
    source: sourcePanel(wires),
    settings: settingsPanel(wires),
    live: livePanel(wires),
    after: afterPanel(wires),
    shelf: shelfPanel(wires),
    study: studyPanel(wires),
  };
  const alert = errorRegions(wires, parts);
  return { ...parts, alert, microphone, rest: [parts.after, parts.shelf, parts.study] };
}

/** What each trait changes. */
function changesOf({ top, alert, check, source, settings, live, after, shelf, study }) {
  return {
    setup() {
      for (const part of [top, source, settings, live]) part.update();
    },
    live() {
      top.update();
      live.update();
    },
    lines: live.lines,
    series: live.series,
    after() {
      after.update();
      live.update();
    },
    shelf: shelf.update,
    study() {
      study.update();
      top.update();
    },
    check() {
      check.update();
      top.update();
    },
    sentences() {
      alert.update();
      top.update();
    },
  };
}

function render({ model, el, host }) {
  const kernel = commands(model);
  const parts = makeParts(model, kernel);
  const changes = changesOf(parts);
  for (const [name, handler] of Object.entries(changes)) {
    model.on(`change:${name}`, handler);
    handler();
  }
  model.on("msg:custom", kernel.receive);
  const root = frame(parts);
  el.append(root);
  takeDrops(root, parts.source.sender, model.get("rules"));
  const narrow = watchWidth(root, [parts.source, parts.settings]);
  const child = model.get("microphone");
  if (child) parts.microphone.show(child, host);
  const leave = attend(kernel);
  return () => {
    for (const [name, handler] of Object.entries(changes)) model.off(`change:${name}`, handler);
    model.off("msg:custom", kernel.receive);
    narrow();
    for (const part of Object.values(parts)) part.close?.();
    leave();
  };
}

export default { initialize, render };
