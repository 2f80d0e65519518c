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
  return wait === null ? `at ${placeText(at)}` : `${msText(wait)} after it (at ${placeText(at)})`;
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

export class Transcript {
  /** `chosen(word, play)` is called with what is chosen; `hovered(word)` with what is pointed at. */
  constructor(data, chosen, hovered) {
    Object.assign(this, { data, chosen, hovered, current: 0, live: new Set() });
    this.words = [];
    this.lines = data.utterances.start.map((_, k) => this.line(k));
    const order = [...this.lines.keys()].sort(
      (a, b) => (data.utterances.start[a] ?? 0) - (data.utterances.start[b] ?? 0),
    );
    this.order = order;
    this.placeMissing();
    this.element = el("ol", {
      class: "gnb-hear-text",
      "aria-label": "Transcript, a word a button",
    });
    this.element.append(...order.map((k) => this.lines[k]));
    this.inOrder = order.flatMap((k) => this.wordsOf(k));
    this.words[this.inOrder[0]]?.setAttribute("tabindex", "0");
    this.current = this.inOrder[0] ?? -1;
    this.listen();
  }

  wordsOf(k) {
    const { first, behind } = this.data.utterances;
    return Array.from({ length: behind[k] - first[k] }, (_, n) => first[k] + n);
  }

  line(k) {
    const { data } = this;
    const { words, utterances } = data;
    const buttons = this.wordsOf(k).map((word) => {
      const button = el(
        "button",
        {
          type: "button",
          class: "gnb-hear-word",
          tabindex: "-1",
          "data-word": word,
          "data-state": words.state[word],
          "data-reference": words.state[word] === "wrong" ? words.reference[word] : null,
        },
        el("span", { class: "gnb-hear-spoken" }, words.text[word]),
        el("span", { class: "gnb-hear-screen", "aria-hidden": "true" }),
      );
      this.words[word] = button;
      return button;
    });
    const channel = data.channels > 1 ? `${utterances.channel[k] + 1}: ` : "";
    const head = el(
      "span",
      { class: "gnb-hear-at" },
      `${channel}${placeText(utterances.start[k])}`,
    );
    const line = el("li", { dir: "auto" }, head, el("span", { class: "gnb-hear-line" }));
    for (const button of buttons) line.lastChild.append(button, " ");
    return line;
  }

  /** Words that were spoken and not heard stand where they were spoken. */
  placeMissing() {
    const { words, missing, utterances } = this.data;
    missing.text.forEach((text, k) => {
      const mark = el("span", { class: "gnb-hear-word", "data-state": "missing" }, text);
      const isBefore = (word) =>
        utterances.channel[words.utterance[word]] === missing.channel[k] &&
        words.start[word] !== null &&
        words.start[word] < missing.start[k];
      let last = words.text.length - 1;
      while (last >= 0 && !isBefore(last)) last -= 1;
      if (last >= 0) this.words[last].after(" ", mark);
      else this.lines[this.order[0]]?.lastChild.firstChild?.before(mark, " ");
    });
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
    this.words[this.inOrder[to]]?.focus();
  }

  /** Mark the word that was chosen; it is the one that the tab key reaches. */
  choose(word) {
    const button = this.words[word];
    if (!button) return;
    this.words[this.current]?.setAttribute("tabindex", "-1");
    this.words[this.current]?.removeAttribute("aria-current");
    button.setAttribute("tabindex", "0");
    button.setAttribute("aria-current", "true");
    this.current = word;
  }

  /** Bring a word into view, inside the transcript alone. */
  reveal(word) {
    const button = this.words[word];
    if (!button) return;
    const [box, own] = [this.element.getBoundingClientRect(), button.getBoundingClientRect()];
    if (own.top < box.top + 8 || own.bottom > box.bottom - 40) {
      this.element.scrollTop += own.top - box.top - box.height / 3;
    }
  }

  colour(by) {
    this.element.dataset.by = by;
    if (by === "state") return;
    this.words.forEach((button, word) => {
      button.dataset.step = stepOf(this.data.words[by][word]);
    });
  }

  /** Light up what is spoken at a second, and what the screen has then; null for no more. */
  follow(second) {
    const { words, utterances } = this.data;
    this.element.classList.toggle("gnb-hear-playing", second !== null);
    const near = this.order.filter(
      (k) =>
        second !== null &&
        second >= (utterances.start[k] ?? 0) - 0.5 &&
        second <= Math.max(utterances.end[k] ?? 0, utterances.final[k] ?? 0) + 1.5,
    );
    for (const k of new Set([...this.live, ...near])) {
      const on = near.includes(k);
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
    return words.text.length;
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
}
