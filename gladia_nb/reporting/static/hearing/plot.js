// A picture on a canvas that can be zoomed, walked through by keys, and read as a table.

import { el, idOf, inksOf, tableOf } from "./dom.js";
import { beforeFrame, notAnyMore } from "./turns.js";

const SPACE = { left: 52, right: 14, top: 24, bottom: 36 };
const FONT = "12px system-ui, sans-serif";
/** Pixels within which a mark is meant. */
const NEAR = 22;
const keysOf = (plays) =>
  `Arrow keys walk through the marks, ${plays ? "Enter plays the word, " : ""}plus and minus zoom, ` +
  "Shift with arrow keys moves the view, 0 shows all.";

/** What is seen of an axis; several pictures may share one. */
export class View {
  constructor(low, high) {
    Object.assign(this, { low, high, from: low, to: high });
    this.listeners = [];
  }

  show(from, to) {
    const width = Math.min(
      Math.max(to - from, (this.high - this.low) / 2000),
      this.high - this.low,
    );
    const start = Math.min(Math.max(from, this.low), this.high - width);
    [this.from, this.to] = [start, start + width];
    for (const listener of this.listeners) listener();
  }

  all() {
    this.show(this.low, this.high);
  }

  /** Zoom around a place, which stays where it is. */
  zoom(factor, around = (this.from + this.to) / 2) {
    this.show(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  move(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  /** See that a place is seen. */
  reveal(place) {
    const width = this.to - this.from;
    if (place < this.from || place > this.to) this.show(place - width / 2, place + width / 2);
  }
}

/** The first of some marks, rising in `x`, that does not lie before a place. */
function firstOf(points, place) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].x >= place) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Numbers at which an axis is marked: 1, 2 or 5 times a power of ten apart. */
export function ticksOf(low, high, most) {
  const rough = (high - low) / Math.max(1, most) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const by = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / by - 1e-9); k * by <= high + by * 1e-9; k += 1) {
    found.push(Number((k * by).toPrecision(10)));
  }
  return found;
}

/**
 * One picture. `spec`:
 * `title`, `summary` (in words), `height`, `view` (of the lower axis), `xTitle`, `yTitle`;
 * `range()` of the upright axis as `[low, high]`, or `rows` for one without numbers;
 * `plays`, whether a word can be heard; `draw(pen)`, called with context, inks and scales; `points`:
 * marks, rising in `x`, each `{x, y, text, pick}` with `text()` what is said of it; `table()`: `[columns, rows]`; `keys`: `[[name of an ink, text]]`.
 */
export class Plot {
  constructor(spec, picked) {
    this.spec = spec;
    this.picked = picked;
    this.head = null;
    this.at = -1;
    this.drag = null;
    this.width = 600;
    this.now = () => this.draw();
    // What stays while the playhead moves is drawn once.
    this.still = el("canvas");
    this.stale = true;
    this.build();
    spec.view.listeners.push(() => this.later());
    this.watch = new ResizeObserver(() => {
      if (this.canvas.clientWidth !== this.width) this.later();
    });
    this.watch.observe(this.canvas);
  }

  build() {
    const { spec } = this;
    const [title, help] = [idOf("title"), idOf("help")];
    this.canvas = el("canvas", { "aria-hidden": "true", style: `height:${spec.height}px` });
    this.tip = el("div", { class: "gnb-hear-tip", hidden: true });
    this.said = el("p", { class: "gnb-hear-said", role: "status" });
    this.frame = el(
      "div",
      {
        class: "gnb-hear-plot",
        tabindex: "0",
        role: "group",
        "aria-roledescription": "interactive picture",
        "aria-labelledby": title,
        "aria-describedby": help,
      },
      this.canvas,
      this.tip,
    );
    const zoom = (text, name, act) =>
      el(
        "button",
        { type: "button", class: "gnb-hear-small", "aria-label": name, onclick: act },
        text,
      );
    const { view } = spec;
    this.element = el(
      "figure",
      { class: "gnb-hear-figure" },
      el(
        "figcaption",
        {},
        el("strong", { id: title }, spec.title),
        el("span", { class: "gnb-hear-keys" }, ...spec.keys.map(keyOf)),
        el(
          "span",
          { class: "gnb-hear-zoom" },
          zoom("−", `Zoom out: ${spec.title}`, () => view.zoom(2, this.middle())),
          zoom("+", `Zoom in: ${spec.title}`, () => view.zoom(0.5, this.middle())),
          zoom("All", `Show all: ${spec.title}`, () => view.all()),
        ),
      ),
      this.frame,
      el("p", { id: help, class: "gnb-hear-said" }, `${spec.summary} ${keysOf(spec.plays)}`),
      this.said,
      this.tableBelow(),
    );
    this.listen();
  }

  tableBelow() {
    const details = el("details", {}, el("summary", {}, "As a table"));
    details.addEventListener("toggle", () => {
      // Made when it is asked for: it can be long.
      if (details.open && details.children.length === 1) {
        details.append(tableOf(this.spec.title, ...this.spec.table()));
      }
    });
    return details;
  }

  listen() {
    const { frame } = this;
    frame.addEventListener("keydown", (event) => this.key(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    frame.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.drag = { from: this.placeOf(event), to: null, x: event.offsetX };
    });
    frame.addEventListener("pointerup", (event) => this.release(event));
    frame.addEventListener("pointerleave", () => {
      this.drag = null;
      this.tip.hidden = true;
      this.later(false);
    });
    frame.addEventListener("dblclick", () => this.spec.view.all());
    frame.addEventListener(
      "wheel",
      (event) => {
        // Without a key a wheel scrolls the page.
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.spec.view.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.placeOf(event));
      },
      { passive: false },
    );
  }

  // -- where things are --

  across(x) {
    const { from, to } = this.spec.view;
    return SPACE.left + ((x - from) / (to - from)) * (this.width - SPACE.left - SPACE.right);
  }

  up(y) {
    const [low, high] = this.range;
    const room = this.spec.height - SPACE.top - SPACE.bottom;
    return SPACE.top + (1 - (y - low) / (high - low || 1)) * room;
  }

  /** What lies at a pixel, also beside the axis. */
  placeAt(x) {
    const { from, to } = this.spec.view;
    return from + ((x - SPACE.left) / (this.width - SPACE.left - SPACE.right)) * (to - from);
  }

  placeOf(event) {
    const { from, to } = this.spec.view;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    return Math.min(to, Math.max(from, this.placeAt(x)));
  }

  middle() {
    const point = this.spec.points[this.at];
    const { from, to } = this.spec.view;
    return point && point.x >= from && point.x <= to ? point.x : (from + to) / 2;
  }

  nearest(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { points } = this.spec;
    let [best, found] = [NEAR, -1];
    // Of hours of marks only those are looked at that can be meant.
    let k = firstOf(points, this.placeAt(x - NEAR));
    for (; k < points.length && this.across(points[k].x) <= x + NEAR; k += 1) {
      const far = Math.hypot(this.across(points[k].x) - x, this.up(points[k].y) - y);
      if (far < best) [best, found] = [far, k];
    }
    return found;
  }

  // -- pointer and keys --

  move(event) {
    if (this.drag && Math.abs(event.offsetX - this.drag.x) > 4) {
      this.drag.to = this.placeOf(event);
      this.later(false);
      return;
    }
    this.mark(this.nearest(event));
  }

  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (drag?.to !== null && drag?.to !== undefined) {
      this.spec.view.show(Math.min(drag.from, drag.to), Math.max(drag.from, drag.to));
      return;
    }
    const found = this.nearest(event);
    if (found >= 0) this.picked(this.spec.points[found].pick, true);
  }

  key(event) {
    const { view, points } = this.spec;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && event.shiftKey) view.move(step / 4);
    else if (step) this.walk(this.at + step);
    else if (event.key === "Home") this.walk(0);
    else if (event.key === "End") this.walk(points.length - 1);
    else if (event.key === "+" || event.key === "=") view.zoom(0.5, this.middle());
    else if (event.key === "-") view.zoom(2, this.middle());
    else if (event.key === "0") view.all();
    else if (event.key === "Enter" && points[this.at]) this.picked(points[this.at].pick, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  walk(to) {
    const { points, view } = this.spec;
    if (!points.length) return;
    const at = Math.min(Math.max(0, to), points.length - 1);
    view.reveal(points[at].x);
    this.mark(at);
    this.said.textContent = points[at].text();
    this.picked(points[at].pick, false);
  }

  /** Show what a mark is; -1 for none. */
  mark(at) {
    this.at = at;
    const point = this.spec.points[at];
    this.tip.hidden = !point;
    if (point) {
      this.tip.textContent = point.text();
      const x = Math.min(Math.max(this.across(point.x), 90), this.width - 90);
      const y = this.up(point.y);
      this.tip.style.left = `${x}px`;
      this.tip.style.top = `${y < 60 ? y + 14 : y - 12}px`;
      this.tip.classList.toggle("gnb-hear-below", y < 60);
    }
    this.later(false);
  }

  /** The mark of a word that was chosen elsewhere. */
  choose(pick) {
    const at = this.spec.points.findIndex((point) => point.pick === pick);
    if (at < 0 || at === this.at) return;
    this.at = at;
    this.spec.view.reveal(this.spec.points[at].x);
    this.tip.hidden = true;
    this.later(false);
  }

  /** Where the playhead is; null for nowhere. */
  follow(place) {
    this.head = place;
    this.later(false);
  }

  // -- drawing --

  /** Draw before the next frame: everything, or what moves alone. */
  later(everything = true) {
    this.stale ||= everything;
    beforeFrame(this.now);
  }

  draw() {
    const { canvas, spec, still } = this;
    // Asked once: it is what each of thousands of marks is placed by.
    this.width = canvas.clientWidth || this.width;
    if (this.stale) {
      this.stale = false;
      this.range = spec.range();
      this.inks = inksOf(this.element);
      const pen = this.penOn(still);
      this.axes(pen);
      this.clip(pen);
      spec.draw(pen);
    }
    const pen = this.penOn(canvas);
    // Dot for dot.
    pen.context.save();
    pen.context.resetTransform();
    pen.context.drawImage(still, 0, 0);
    pen.context.restore();
    this.clip(pen);
    this.overlay(pen);
  }

  /** What draws on an empty canvas, in pixels of the page. */
  penOn(canvas) {
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(this.width * scale);
    canvas.height = Math.round(this.spec.height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    return {
      context,
      inks: this.inks,
      across: (x) => this.across(x),
      up: (y) => this.up(y),
      ...this.spec.view,
    };
  }

  clip({ context }) {
    const [width, height] = [this.width, this.spec.height];
    context.beginPath();
    context.rect(SPACE.left, 0, width - SPACE.left - SPACE.right, height - SPACE.bottom + 1);
    context.clip();
  }

  axes({ context, inks }) {
    const { view, height, rows, xTitle, yTitle } = this.spec;
    const [right, bottom] = [this.width - SPACE.right, height - SPACE.bottom];
    context.font = FONT;
    context.lineWidth = 1;
    context.strokeStyle = inks.rule;
    context.fillStyle = inks.soft;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of rows ? [] : ticksOf(...this.range, (bottom - SPACE.top) / 42)) {
      const y = Math.round(this.up(value)) + 0.5;
      context.beginPath();
      context.moveTo(SPACE.left, y);
      context.lineTo(right, y);
      context.stroke();
      context.fillText(String(value), SPACE.left - 6, y);
    }
    context.textAlign = "center";
    for (const value of ticksOf(view.from, view.to, (right - SPACE.left) / 80)) {
      context.fillText(String(value), this.across(value), bottom + 12);
    }
    context.strokeStyle = inks.edge;
    context.strokeRect(SPACE.left + 0.5, bottom + 0.5, right - SPACE.left, 0);
    context.textAlign = "right";
    context.fillText(xTitle, right, height - 7);
    context.textAlign = "left";
    context.fillText(yTitle, 4, 9);
  }

  overlay({ context, inks }) {
    const bottom = this.spec.height - SPACE.bottom;
    const point = this.spec.points[this.at];
    if (point) {
      context.strokeStyle = inks.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(this.across(point.x), this.up(point.y), 6.5, 0, 7);
      context.stroke();
    }
    if (this.head !== null) {
      context.strokeStyle = inks.accent;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(this.across(this.head), 0);
      context.lineTo(this.across(this.head), bottom);
      context.stroke();
    }
    if (this.drag?.to !== null && this.drag?.to !== undefined) {
      const [from, to] = [this.across(this.drag.from), this.across(this.drag.to)];
      context.globalAlpha = 0.15;
      context.fillStyle = inks.accent;
      context.fillRect(Math.min(from, to), 0, Math.abs(to - from), bottom);
      context.globalAlpha = 1;
    }
  }

  close() {
    this.watch.disconnect();
    notAnyMore(this.now);
  }
}

function keyOf([ink, text, mark]) {
  return el(
    "span",
    {},
    el("i", { class: `gnb-hear-key gnb-hear-${mark}`, style: `--key:var(--gnb-${ink})` }),
    text,
  );
}
