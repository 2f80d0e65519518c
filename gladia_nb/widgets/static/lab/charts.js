// Two small charts, drawn as SVG while a session runs.

import { h } from "./dom.js";

const SPACE = { left: 46, right: 12, top: 8, bottom: 34 };
const HEIGHT = 190;

function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A step that reads well: 1, 2 or 5 times a power of ten. */
function step(range, count) {
  const rough = range / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function ticks(low, high, count) {
  const by = step(high - low, count);
  const found = [];
  for (let value = Math.ceil(low / by) * by; value <= high + by / 1e6; value += by) {
    found.push(Math.round(value / by) * by);
  }
  return found;
}

const label = (value) => String(Math.round(value * 100) / 100);

/** How a line looks is in the style sheet, by its class; how a point looks is its mark here. */
function mark(kind, x, y) {
  if (kind === "final") return `M${x} ${y - 4}l4 7h-8z`;
  return `M${x - 2.5} ${y}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`;
}

/** A line that stays where it is until something new is known. */
function stairs(points, right) {
  const [x, y] = points[0];
  const steps = points.slice(1).map(([x1, y1]) => `H${x1.toFixed(1)}V${y1.toFixed(1)}`);
  return `M${x.toFixed(1)} ${y.toFixed(1)}${steps.join("")}H${right.toFixed(1)}`;
}

const styleOf = (line) => `gnb-line gnb-line-${line.name} ${line.marks ? "gnb-marks" : ""}`;

/** What each line looks like, and its name. */
function keysOf(lines) {
  return lines.map((line) => {
    const sample = svg("svg", { width: 22, height: 10, "aria-hidden": "true" });
    const d = line.marks ? mark(line.marks, 11, 5) : "M1 5H21";
    sample.append(svg("path", { class: styleOf(line), d }));
    return h("li", {}, sample, line.title);
  });
}

/** Where values go: `across` and `up` in pixels, for what is shown in a width. */
function scales(points, width, least) {
  const right = Math.max(5, ...points.map(([x]) => x));
  const low = Math.min(0, ...points.map(([, y]) => y));
  const high = Math.max(least, ...points.map(([, y]) => y)) * 1.05;
  const plotted = HEIGHT - SPACE.top - SPACE.bottom;
  return {
    right,
    low,
    high,
    across: (x) => SPACE.left + (x / right) * (width - SPACE.left - SPACE.right),
    up: (y) => SPACE.top + (1 - (y - low) / (high - low)) * plotted,
  };
}

/** Lines across, numbers at both axes, and what the lower one counts. */
function axes({ right, low, high, across, up }, width, xTitle) {
  const end = width - SPACE.right;
  const parts = ticks(low, high, 4).flatMap((value) => {
    const y = up(value);
    return [
      svg("line", { class: "gnb-gridline", x1: SPACE.left, x2: end, y1: y, y2: y }),
      svg("text", { x: SPACE.left - 6, y: y + 4, "text-anchor": "end" }, label(value)),
    ];
  });
  for (const value of ticks(0, right, Math.max(3, Math.floor(width / 90)))) {
    const place = { x: across(value), y: HEIGHT - 17, "text-anchor": "middle" };
    parts.push(svg("text", place, label(value)));
  }
  return [...parts, svg("text", { x: end, y: HEIGHT - 1, "text-anchor": "end" }, xTitle)];
}

/** The path of one line, or null without points. */
function pathOf(line, points, { right, across, up }) {
  const placed = points.map(([x, y]) => [across(x), up(y)]);
  if (!placed.length) return null;
  const d = line.marks
    ? placed.map(([x, y]) => mark(line.marks, x, y)).join("")
    : stairs(placed, across(right));
  return svg("path", { class: styleOf(line), d });
}

/**
 * A chart of `lines`: `[{name, title, marks}]`; `draw(series, sentence)` shows new points.
 * Without marks a line is a staircase. The sentence is the text alternative.
 */
export function chart({ title, xTitle, lines, least }) {
  const picture = svg("svg", { role: "img", class: "gnb-chart", height: HEIGHT });
  const element = h(
    "figure",
    { class: "gnb-figure" },
    h("figcaption", {}, title),
    picture,
    h("ul", { class: "gnb-keys" }, ...keysOf(lines)),
  );
  let last = { series: {}, sentence: `${title}: nothing yet.` };

  function draw(series, sentence) {
    last = { series, sentence };
    const width = Math.max(200, picture.clientWidth || 320);
    const points = lines.map((line) => series[line.name] || []);
    const scale = scales(points.flat(), width, least);
    const paths = lines.map((line, k) => pathOf(line, points[k], scale)).filter(Boolean);
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.setAttribute("aria-label", sentence);
    picture.replaceChildren(...axes(scale, width, xTitle), ...paths);
  }

  const watch = new ResizeObserver(() => draw(last.series, last.sentence));
  watch.observe(picture);
  return { element, draw, close: () => watch.disconnect() };
}
