// The Lab: panels in one grid, wired to the model.

import { afterPanel } from "./after.js";
import { button, h } from "./dom.js";
import { livePanel } from "./live.js";
import { settingsPanel } from "./settings.js";
import { shelfPanel } from "./shelf.js";
import { sourcePanel } from "./source.js";
import { studyPanel } from "./study.js";

function errorRegion({ model, send }) {
  const element = h("div", { role: "alert", class: "gnb-alert" });
  const known = new Map();
  function update() {
    const sentences = model.get("sentences");
    for (const [number, entry] of known) {
      if (!sentences.some((sentence) => sentence.number === number)) {
        entry.remove();
        known.delete(number);
      }
    }
    for (const { number, text } of sentences) {
      if (known.has(number)) continue;
      const close = button("Dismiss", () => send({ kind: "dismiss", number }), {
        class: "gnb-button gnb-small",
      });
      const entry = h("div", {}, h("p", {}, h("strong", {}, "Problem: "), text), close);
      known.set(number, entry);
      element.append(entry);
    }
  }
  return { element, update };
}

/** Commands to the kernel, and what it answers to this view. */
function commands(model) {
  const view = Math.random().toString(36).slice(2);
  const waiting = new Map();
  let asked = 0;
  const send = (content, buffers) => model.send(content, undefined, buffers);
  /** Send a command and wait for its answer; null when it was refused, which is said in words. */
  function ask(content) {
    asked += 1;
    const ticket = `${view}-${asked}`;
    send({ ...content, ticket });
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

/** Panels in their places. */
function frame({ alert, source, settings, live, after, shelf, study }) {
  const root = h(
    "div",
    {
      class: "gnb-lab",
      role: "group",
      "aria-label": "Lab for live transcription",
      // Keys that are typed here are no commands of the notebook.
      "data-lm-suppress-shortcuts": "true",
    },
    h(
      "div",
      { class: "gnb-header" },
      h("h2", {}, "Lab"),
      h("p", { class: "gnb-facts" }, "Live transcription, seen and measured"),
    ),
    alert.element,
    h(
      "div",
      { class: "gnb-grid" },
      h("div", { class: "gnb-side" }, source.element, settings.element),
      h("div", { class: "gnb-main" }, live.element, after.element, shelf.element, study.element),
    ),
  );
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return root;
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

function showMicrophone(child, host, slot) {
  const failed = ({ message }) => {
    const sentence = `The microphone’s controls did not load: ${message}`;
    slot.append(h("p", { class: "gnb-problem" }, sentence));
  };
  host
    .getWidget(child)
    .then((widget) => widget.render({ el: slot }))
    .catch(failed);
}

function render({ model, el, host }) {
  const kernel = commands(model);
  const slot = h("div", { class: "gnb-slot" });
  const wires = { model, send: kernel.send, ask: kernel.ask, slot, rules: model.get("rules") };
  const alert = errorRegion(wires);
  const source = sourcePanel(wires);
  const settings = settingsPanel(wires);
  const live = livePanel(wires);
  const after = afterPanel(wires);
  const shelf = shelfPanel(wires);
  const study = studyPanel(wires);
  const changes = {
    setup() {
      for (const part of [source, settings, live]) part.update();
    },
    live: live.update,
    lines: live.lines,
    series: live.series,
    after: after.update,
    shelf: shelf.update,
    study: study.update,
    sentences: alert.update,
  };
  for (const [name, handler] of Object.entries(changes)) {
    model.on(`change:${name}`, handler);
    handler();
  }
  model.on("msg:custom", kernel.receive);
  el.append(frame({ alert, source, settings, live, after, shelf, study }));
  const child = model.get("microphone");
  if (child) showMicrophone(child, host, slot);
  const leave = attend(kernel);
  return () => {
    for (const [name, handler] of Object.entries(changes)) model.off(`change:${name}`, handler);
    model.off("msg:custom", kernel.receive);
    for (const part of [source, live, after, shelf, study]) part.close();
    leave();
  };
}

export default { render };
