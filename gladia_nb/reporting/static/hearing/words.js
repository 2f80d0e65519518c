// The transcript: a word a button, coloured by how late it was or whether it is right.

import { above, el, msText, placeText } from "./dom.js";

/** Latencies at which the colour gets stronger, milliseconds. */
const STEPS = [200, 400, 800, 1600];
const STATES = {
  correct: "as it was spoken",
  wrong: "another word was spoken",
  inserted: "nobody said this",
  open: "never became final",
  "": "",
};
/** How the words can be coloured; the last one needs a reference. */
export const COLOURINGS = [
  ["seen_ms", "First seen"],
  ["final_ms", "Final"],
  ["state", "Errors"],
];

export function stepOf(wait) {
  return wait === null ? "never" : String(STEPS.filter((step) => wait > step).length);
}

/** What the colours mean. */
export function legendOf(colouring) {
  const item = (kind, text) =>
    el("li", {}, el("i", { class: "gnb-hear-word", "data-step": kind }), text);
  if (colouring === "state") {
    return el(
      "ul",
      { class: "gnb-hear-legend" },
      ...["wrong", "inserted", "missing", "open"].map((state) =>
        el(
          "li",
          {},
          el("span", { class: "gnb-hear-word", "data-state": state }, state),
          {
            wrong: "another was spoken",
            inserted: "nobody said it",
            missing: "said, and not heard",
            open: "no final",
          }[state],
        ),
      ),
    );
  }
  const texts = [
    `up to ${STEPS[0]} ms`,
    ...STEPS.slice(1).map((step) => `to ${step}`),
    `above ${STEPS.at(-1)}`,
  ];
  return el(
    "ul",
    { class: "gnb-hear-legend" },
    ...texts.map((text, k) => item(String(k), text)),
    item("never", "never"),
  );
}

/** What is known of a word, as terms and texts. */
export function factsOf(data, k) {
  const { words, utterances } = data;
  const facts = [
    ["Spoken", `${placeText(words.start[k])} to ${placeText(words.end[k])}`],
    ["First seen", waited(words.seen[k], words.seen_ms[k])],
    ["Final", waited(words.final[k], words.final_ms[k])],
  ];
  const why = utterances.trigger[words.utterance[k]];
  if (why) facts.push(["Final because of", why.replace("_", " ")]);
  if (words.state[k]) facts.push(["Is", STATES[words.state[k]]]);
  if (words.reference[k]) {
    const span =
      words.from[k] === null ? "" : `, ${placeText(words.from[k])} to ${placeText(words.to[k])}`;
    facts.push(["Reference", `${words.reference[k]}${span}`]);
  }
  const history = words.history[k];
  if (history) {
    const steps = history.map(([at, text]) => `${placeText(at)} ${text ? `“${text}”` : "(gone)"}`);
    facts.push(["Changed", steps.join(" → ")]);
  }
  return facts;
}

function waited(at, wait) {
  if (at === null) return "never";
  return wait === null
    ? `at ${placeText(at)}`
    : `${msText(wait)} after it was sent (at ${placeText(at)})`;
}

/** What the screen had in a word's place at a moment; "" for nothing yet. */
function shownAt(data, k, second) {
  const { words } = data;
  const history = words.history[k];
  if (words.final[k] !== null && second >= words.final[k]) return words.text[k];
  if (!history) return words.seen[k] !== null && second >= words.seen[k] ? words.text[k] : "";
  const at =
    above(
      history.map(([moment]) => moment),
      second,
    ) - 1;
  return at < 0 ? "" : history[at][1];
}

/** Letters that stand in a row of the transcript, about, and the pixels of a row and around a line. */
const [LETTERS, ROW_PX, AROUND_PX] = [70, 29, 6];
/** So many words are there at once; the others come in turns with the page. */
const AT_ONCE = 200;

/**
 * What was spoken and not heard, by the word behind which it stands; -1 for what was spoken before
 * all others of its channel.
 */
function lostOf({ words, missing, utterances }) {
  const channels = new Map();
  words.start.forEach((start, word) => {
    if (start === null) return;
    const channel = utterances.channel[words.utterance[word]];
    if (!channels.has(channel)) channels.set(channel, { at: [], least: [] });
    channels.get(channel).at.push(word);
  });
  for (const own of channels.values()) {
    // The first moment at which any of the words from here on begins: it rises.
    let least = Number.POSITIVE_INFINITY;
    own.least = own.at.map(() => 0);
    for (let k = own.at.length - 1; k >= 0; k -= 1) {
      least = Math.min(least, words.start[own.at[k]]);
      own.least[k] = least;
    }
  }
  const lost = new Map();
  missing.text.forEach((text, k) => {
    const own = channels.get(missing.channel[k]);
    // Times are whole milliseconds.
    const before = own ? above(own.least, missing.start[k] - 0.0005) : 0;
    const word = before ? own.at[before - 1] : -1;
    lost.set(word, [...(lost.get(word) ?? []), text]);
  });
  return lost;
}

/**
 * A line an utterance. The words of a line are made when it is first needed, those of the others a
 * few at a time (`rest`): hours of speech never hold up the page, and in the end all is in it, so
 * that the browser finds it and can print it. What is out of view is not laid out (`hearing.css`).
 */
export class Transcript {
  /** `chosen(word, play)` is called with what is chosen; `hovered(word)` with what is pointed at. */
  constructor(data, chosen, hovered) {
    const { start } = data.utterances;
    Object.assign(this, {
      data,
      chosen,
      hovered,
      by: COLOURINGS[0][0],
      live: new Set(),
      revealing: 0,
    });
    this.words = [];
    this.order = [...start.keys()].sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0));
    this.inOrder = this.order.flatMap((k) => this.wordsOf(k));
    this.current = this.inOrder[0] ?? -1;
    this.lost = lostOf(data);
    this.lines = start.map((_, k) => this.line(k));
    this.element = el("ol", {
      class: "gnb-hear-text",
      "aria-label": "Transcript, a word a button",
    });
    for (const k of this.order) this.element.append(this.lines[k]);
    let count = 0;
    for (const k of this.order) {
      this.fill(k);
      count += this.wordsOf(k).length;
      if (count >= AT_ONCE) break;
    }
    this.button(this.current)?.setAttribute("tabindex", "0");
    this.listen();
  }

  wordsOf(k) {
    const { first, behind } = this.data.utterances;
    return Array.from({ length: behind[k] - first[k] }, (_, n) => first[k] + n);
  }

  /** An empty line, about as high as it will be. */
  line(k) {
    const { first, behind } = this.data.utterances;
    const line = el("li", { dir: "auto" });
    let letters = 0;
    for (let word = first[k]; word < behind[k]; word += 1) {
      letters += this.data.words.text[word].length + 2;
    }
    const rows = Math.max(1, Math.ceil(letters / LETTERS));
    line.style.containIntrinsicBlockSize = `auto ${rows * ROW_PX + AROUND_PX}px`;
    return line;
  }

  /** Make the words of a line, if they are not there yet. */
  fill(k) {
    const line = this.lines[k];
    if (line.firstChild) return;
    const { channels, utterances } = this.data;
    const channel = channels > 1 ? `${utterances.channel[k] + 1}: ` : "";
    const lost = (word) =>
      (this.lost.get(word) ?? []).flatMap((text) => [
        el("span", { class: "gnb-hear-word", "data-state": "missing" }, text),
        " ",
      ]);
    const words = this.wordsOf(k).flatMap((word) => {
      this.words[word] = this.newButton(word);
      return [this.words[word], " ", ...lost(word)];
    });
    const before = k === this.order[0] ? lost(-1) : [];
    line.append(
      el("span", { class: "gnb-hear-at" }, `${channel}${placeText(utterances.start[k])}`),
      el("span", { class: "gnb-hear-line" }, ...before, ...words),
    );
  }

  newButton(word) {
    const { words } = this.data;
    const state = words.state[word];
    return el(
      "button",
      {
        type: "button",
        class: "gnb-hear-word",
        tabindex: "-1",
        "data-word": word,
        "data-state": state,
        "data-reference": state === "wrong" ? words.reference[word] : null,
        "data-step": stepOf(words[this.by][word]),
      },
      el("span", { class: "gnb-hear-spoken" }, words.text[word]),
      el("span", { class: "gnb-hear-screen", "aria-hidden": "true" }),
    );
  }

  /** Makes all lines that are not there yet, one a step. */
  *rest() {
    for (const k of this.order) {
      if (this.lines[k].firstChild) continue;
      this.fill(k);
      yield;
    }
  }

  /** The button of a word, whose line is made for it; undefined for no word. */
  button(word) {
    const k = this.data.words.utterance[word];
    if (k !== undefined) this.fill(k);
    return this.words[word];
  }

  listen() {
    const wordOf = (event) => {
      const button = event.target.closest?.("button.gnb-hear-word");
      return button ? Number(button.dataset.word) : null;
    };
    this.element.addEventListener("click", (event) => {
      const word = wordOf(event);
      if (word !== null) this.chosen(word, true);
    });
    this.element.addEventListener("focusin", (event) => {
      const word = wordOf(event);
      if (word !== null) this.chosen(word, false);
    });
    // Words that are scrolled away below a pointer that rests are not pointed at.
    let rests = "";
    const moves = (event) => {
      const was = rests;
      rests = `${event.clientX} ${event.clientY}`;
      return rests !== was;
    };
    this.element.addEventListener("pointermove", moves);
    this.element.addEventListener("pointerover", (event) => {
      if (!moves(event)) return;
      const word = wordOf(event);
      if (word !== null) this.hovered(word);
    });
    this.element.addEventListener("pointerleave", () => this.hovered(null));
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const at = this.inOrder.indexOf(this.current);
    const jump = (by) => {
      // To the first word of the line before or behind.
      const line = this.order.indexOf(this.data.words.utterance[this.current]) + by;
      const [first] = this.wordsOf(this.order[Math.min(Math.max(0, line), this.order.length - 1)]);
      return this.inOrder.indexOf(first);
    };
    const to = {
      ArrowRight: () => at + 1,
      ArrowLeft: () => at - 1,
      ArrowDown: () => jump(1),
      ArrowUp: () => jump(-1),
      Home: () => 0,
      End: () => this.inOrder.length - 1,
    }[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.button(this.inOrder[to])?.focus();
  }

  /** Mark the word that was chosen; it is the one that the tab key reaches. */
  choose(word) {
    const button = this.button(word);
    if (!button) return;
    this.button(this.current)?.setAttribute("tabindex", "-1");
    this.button(this.current)?.removeAttribute("aria-current");
    button.setAttribute("tabindex", "0");
    button.setAttribute("aria-current", "true");
    this.current = word;
  }

  /** Bring a word into view, inside the transcript alone. */
  reveal(word, tries = 4) {
    const button = this.button(word);
    cancelAnimationFrame(this.revealing);
    if (!button || !tries) return;
    const [box, own] = [this.element.getBoundingClientRect(), button.getBoundingClientRect()];
    if (own.top >= box.top + 8 && own.bottom <= box.bottom - 40) return;
    this.element.scrollTop += own.top - box.top - box.height / 3;
    // Lines that come into view may be higher than they were thought to be.
    this.revealing = requestAnimationFrame(() => this.reveal(word, tries - 1));
  }

  colour(by) {
    this.element.dataset.by = by;
    if (by === "state") return;
    this.by = by;
    this.words.forEach((button, word) => {
      button.dataset.step = stepOf(this.data.words[by][word]);
    });
  }

  /** Light up what is spoken at a second, and what the screen has then; null for no more. */
  follow(second) {
    const { utterances } = this.data;
    this.element.classList.toggle("gnb-hear-playing", second !== null);
    const near = this.order.filter(
      (k) =>
        second !== null &&
        second >= (utterances.start[k] ?? 0) - 0.5 &&
        second <= Math.max(utterances.end[k] ?? 0, utterances.final[k] ?? 0) + 1.5,
    );
    for (const k of new Set([...this.live, ...near])) {
      const on = near.includes(k);
      this.fill(k);
      this.lines[k].classList.toggle("gnb-hear-onair", on);
      for (const word of this.wordsOf(k)) this.light(word, on ? second : null);
    }
    this.live = new Set(near);
    const speaking = near.find((k) => second <= (utterances.end[k] ?? 0));
    if (speaking !== undefined && speaking !== this.speaking) {
      this.speaking = speaking;
      this.reveal(this.wordsOf(speaking)[0]);
    }
    if (second === null) this.speaking = undefined;
  }

  light(word, second) {
    const button = this.words[word];
    const { words } = this.data;
    const on = second !== null;
    button.classList.toggle(
      "gnb-hear-now",
      on && second >= words.start[word] && second < words.end[word],
    );
    button.classList.toggle("gnb-hear-past", on && second >= words.end[word]);
    const shown = on ? shownAt(this.data, word, second) : "";
    const screen = button.lastChild;
    if (screen.textContent !== shown) screen.textContent = shown;
    screen.classList.toggle(
      "gnb-hear-final",
      on && words.final[word] !== null && second >= words.final[word],
    );
  }
  close() {
    cancelAnimationFrame(this.revealing);
  }
}
