// A check of what a session needs: its lines as they come, and what to do.

import { switchable } from "./bar.js";
import { button, h, say, unique } from "./dom.js";

const STATES = {
  ok: ["✓", "OK"],
  note: ["●", "Note"],
  todo: ["✕", "To do"],
};

function lineOf({ name, state, found, advice }) {
  const [sign, word] = STATES[state];
  return h(
    "li",
    { "data-state": state },
    h("span", { class: "gnb-glyph", "aria-hidden": "true" }, sign),
    h("span", { class: "gnb-word" }, word),
    h("strong", {}, name),
    h("p", { dir: "auto" }, found, advice ? " " : null, advice && h("b", {}, advice)),
  );
}

/** The button that begins one, for the bar. */
export function checkButton({ model, send }, isGone) {
  const begin = () => send({ kind: "check", browser: navigator.userAgent });
  const one = button("Check this setup", begin);
  const off = switchable(one);
  function update() {
    const busy = model.get("live").mode === "live" && model.get("live").running;
    off(isGone() || busy || model.get("study").running || model.get("check").running);
  }
  return { element: one, update };
}

/** The panel of its lines; `opener` gets the focus when it is closed. */
export function checkPanel({ model, send }, opener) {
  const id = unique("check");
  const summary = h("p", { class: "gnb-facts", role: "status" });
  const lines = h("ul", { class: "gnb-lines" });
  const stop = button("Stop the check", () => send({ kind: "check_stop" }));
  const close = button("Close", () => {
    send({ kind: "check_close" });
    opener.focus();
  });
  const stopOff = switchable(stop);
  // As high from the beginning as it will be: what stands below does not move.
  const box = h(
    "div",
    { class: "gnb-scroll", role: "region", tabindex: "0", "aria-label": "What was looked at" },
    lines,
  );
  const element = h(
    "section",
    { class: "gnb-panel gnb-check", "aria-labelledby": id, hidden: true },
    h("div", { class: "gnb-row" }, h("h3", { id }, "Check of this setup"), stop, close),
    summary,
    box,
  );
  let shown = 0;
  let ended = true;
  /** The latest line while it looks; then the first that wants something done. */
  function scroll() {
    const first = lines.querySelector("[data-state='todo']") ?? lines.firstElementChild;
    if (!ended) box.scrollTop = box.scrollHeight;
    else if (first) box.scrollTop = first.offsetTop - lines.firstElementChild.offsetTop;
  }
  function update() {
    const { open, running, stopping, rows = [], summary: words = "" } = model.get("check");
    element.hidden = !open;
    if (rows.length < shown) {
      lines.replaceChildren();
      shown = 0;
    }
    lines.append(...rows.slice(shown).map(lineOf));
    const news = rows.length !== shown || ended === running;
    shown = rows.length;
    ended = !running;
    if (news) scroll();
    say(summary, words);
    stopOff(!running || stopping);
  }
  return { element, update };
}
