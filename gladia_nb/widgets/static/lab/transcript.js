// The words: finals that stay, and behind them the partial that is still open.

import { clockTime, h } from "./dom.js";

/** Pixels from the end within which new words are followed. */
const NEAR = 40;
/** Channels beside each other; more go below. */
const ABREAST = 3;

/** A place to scroll that stays at its end while somebody looks at the end. */
function scroller(name, ...children) {
  const element = h(
    "div",
    { class: "gnb-transcript", tabindex: "0", role: "region", "aria-label": `Transcript, ${name}` },
    ...children,
  );
  function follow(work) {
    const low = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    work();
    if (low) element.scrollTop = element.scrollHeight;
  }
  return { element, follow };
}

/** One channel. */
function lane(name, several) {
  const log = h("div", { role: "log", "aria-live": "polite", "aria-label": `Finals, ${name}` });
  const open = h("p", { class: "gnb-open", dir: "auto" });
  const place = scroller(name, log, open);
  const title = several ? h("h4", {}, name) : null;
  let last = null;
  let words = "";
  function append(line) {
    const at = line.start === null ? "" : clockTime(line.start, 1);
    const said = h("span", { dir: "auto", class: "gnb-said-words" }, line.text);
    log.append(h("p", {}, h("span", { class: "gnb-at" }, at), said));
    last = line;
  }
  const isLast = (line) => line.number === last.number && line.text === last.text;
  return {
    element: h("div", { class: "gnb-lane" }, title, place.element),
    finals(lines) {
      // Of another session, or so many at once that none of the shown is left.
      if (last !== null && !lines.some(isLast)) {
        log.replaceChildren();
        last = null;
      }
      const fresh = last === null ? lines : lines.filter((line) => line.number > last.number);
      if (!fresh.length) return;
      place.follow(() => {
        fresh.forEach(append);
        while (log.children.length > lines.length) log.firstChild.remove();
      });
    },
    partial(entry) {
      const found = entry?.words || [];
      const text = JSON.stringify(found);
      if (text === words) return;
      words = text;
      const parts = found.flatMap(([word, changed]) => [changed ? h("mark", {}, word) : word, " "]);
      place.follow(() => open.replaceChildren(...parts));
    },
  };
}

/** All channels, and a hint while there are no words. */
export function transcript() {
  const lanes = h("div", { class: "gnb-lanes" });
  const hint = h(
    "p",
    { class: "gnb-empty" },
    "Words appear here as they come: firm once they are final, lighter while they may still " +
      "change. A word that has just changed is underlined.",
  );
  let made = [];
  return {
    element: h("div", { class: "gnb-words" }, lanes, hint),
    lay(count) {
      if (count === made.length) return;
      const several = count > 1;
      const names = Array.from({ length: count }, (_, k) => (several ? `channel ${k + 1}` : "all"));
      made = names.map((name) => lane(name, several));
      lanes.replaceChildren(...made.map((one) => one.element));
      lanes.style.setProperty("--gnb-lanes", String(Math.min(count, ABREAST)));
    },
    hint(isShown) {
      hint.hidden = !isShown;
    },
    partials(open) {
      for (const [k, one] of made.entries()) {
        one.partial(open.find((entry) => entry.channel === k));
      }
    },
    finals(lines) {
      for (const [k, one] of made.entries()) {
        one.finals(lines.filter((line) => line.channel === k));
      }
    },
  };
}
