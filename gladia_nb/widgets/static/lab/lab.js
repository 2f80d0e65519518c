// The Lab: panels in one grid, wired to the model.

import { button, h } from "./dom.js";
import { settingsPanel, sourcePanel } from "./setup.js";
import { livePanel } from "./live.js";
import { afterPanel, shelfPanel } from "./after.js";

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

function render({ model, el, host }) {
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

  const slot = h("div", { class: "gnb-slot" });
  const wires = { model, send, ask, slot };
  const alert = errorRegion(wires);
  const source = sourcePanel(wires);
  const settings = settingsPanel(wires);
  const live = livePanel(wires);
  const after = afterPanel(wires);
  const shelf = shelfPanel(wires);
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
      h("div", { class: "gnb-main" }, live.element, after.element, shelf.element),
    ),
  );
  root.addEventListener("keydown", (event) => event.stopPropagation());

  const handlers = {
    "change:setup": () => {
      source.update();
      settings.update();
      live.update();
    },
    "change:live": live.update,
    "change:lines": live.lines,
    "change:series": live.series,
    "change:after": after.update,
    "change:shelf": shelf.update,
    "change:sentences": alert.update,
    "msg:custom": receive,
  };
  for (const [name, handler] of Object.entries(handlers)) model.on(name, handler);
  for (const name of ["setup", "live", "lines", "series", "after", "shelf", "sentences"]) {
    handlers[`change:${name}`]();
  }
  el.append(root);

  const child = model.get("microphone");
  if (child) {
    host
      .getWidget(child)
      .then((widget) => widget.render({ el: slot }))
      .catch((error) => slot.append(h("p", { class: "gnb-problem" }, `The microphone’s controls did not load: ${error.message}`)));
  }
  const leave = () => send({ kind: "leave", view });
  const back = (event) => event.persisted && send({ kind: "hello", view });
  send({ kind: "hello", view });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", back);
  return () => {
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", back);
    for (const [name, handler] of Object.entries(handlers)) model.off(name, handler);
    for (const part of [source, live, after, shelf]) part.close();
    leave();
  };
}

export default { render };
