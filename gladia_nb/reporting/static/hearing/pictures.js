// The four pictures of a run: utterances over time, latency of words, its distribution, the stairs.

import { above, el, msText, placeText, watchColours } from "./dom.js";
import { Plot, View } from "./plot.js";

const TRIGGERS = {
  endpoint: "after a pause",
  max_duration: "cut at the maximum duration",
  stop: "because the session was stopped",
  resume: "after a lost connection",
};
const KINDS = [
  ["seen_ms", "partial", "first seen", "dot"],
  ["final_ms", "final", "final", "triangle"],
];
const most = (values) => values.reduce((high, value) => Math.max(high, value ?? 0), 0);
const least = (values) => values.reduce((low, value) => Math.min(low, value ?? 0), 0);

function dot(context, x, y, size) {
  context.moveTo(x + size, y);
  context.arc(x, y, size, 0, 7);
}

/** As large as a dot, and drawn in a quarter of its time. */
function square(context, x, y, size) {
  context.rect(x - size * 0.88, y - size * 0.88, size * 1.76, size * 1.76);
}

function triangle(context, x, y, size) {
  context.moveTo(x, y - size * 1.2);
  context.lineTo(x + size * 1.15, y + size * 0.8);
  context.lineTo(x - size * 1.15, y + size * 0.8);
}

const MARKS = { dot, square, triangle };
/** Marks that are one path: hours of words have tens of thousands. */
const TOGETHER = 200;

/** Marks of one kind at `[x, y]` in pixels. */
function marks(context, kind, places, size) {
  for (let from = 0; from < places.length; from += TOGETHER) {
    context.beginPath();
    for (const [x, y] of places.slice(from, from + TOGETHER)) MARKS[kind](context, x, y, size);
    context.fill();
  }
}

/** Steps; of those that share a dot of the screen the last is drawn. */
function stairs(context, xs, ys, across, up, right) {
  context.beginPath();
  let [before, y] = [Number.NEGATIVE_INFINITY, 0];
  xs.forEach((place, k) => {
    if (k > 0 && k + 1 < xs.length && across(xs[k + 1]) - before < 0.25) return;
    const x = across(place);
    if (k === 0) context.moveTo(x, up(ys[k]));
    else {
      context.lineTo(x, y);
      context.lineTo(x, up(ys[k]));
    }
    [before, y] = [x, up(ys[k])];
  });
  if (xs.length) context.lineTo(across(right), up(ys.at(-1)));
  context.stroke();
}

/** Utterances in the order of their audio, each with its row. */
function rowsOf({ start, end, final }) {
  const order = [...start.keys()].sort((a, b) => start[a] - start[b]);
  const row = [];
  order.forEach((k, at) => {
    row[k] = at;
  });
  /** The rows that a view has something of. */
  const within = (view) => {
    const there = order.filter(
      (k) => start[k] <= view.to && Math.max(end[k] ?? 0, final[k] ?? 0) >= view.from,
    );
    return there.length ? [row[there[0]], row[there.at(-1)]] : [0, Math.max(0, order.length - 1)];
  };
  return { order, row, within };
}

function utteranceText({ words, utterances }, k) {
  return words.text.slice(utterances.first[k], utterances.behind[k]).join(" ");
}

function utteranceTold(data, k) {
  const { utterances } = data;
  const final = utterances.final[k];
  const end = final === null ? "no final" : `final at ${placeText(final)}`;
  const why = final === null ? "" : `, ${TRIGGERS[utterances.trigger[k]] ?? "trigger unknown"}`;
  const text = utteranceText(data, k);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const count = utterances.partials[k].length;
  return `${placeText(utterances.start[k])}: ${short} (${count} partials, ${end}${why})`;
}

function drawUtterance({ context, inks, across }, utterances, k, y, thick) {
  const [from, to] = [across(utterances.start[k]), across(utterances.end[k])];
  context.fillStyle = inks.wave;
  context.fillRect(from, y - thick / 2, Math.max(1.5, to - from), thick);
  context.fillStyle = inks.partial;
  for (const at of utterances.partials[k]) {
    context.fillRect(across(at) - 0.75, y - thick / 2, 1.5, thick);
  }
  const final = utterances.final[k];
  if (final === null) return;
  context.fillStyle = inks.final;
  context.fillRect(to, y - 0.5, across(final) - to, 1);
  marks(context, "triangle", [[across(final), y]], Math.min(5, Math.max(2.5, thick / 2.5)));
}

function timeline(data, view) {
  const { utterances } = data;
  const { order, row, within } = rowsOf(utterances);
  return {
    title: "Utterances: spoken, partials, final",
    summary: `${order.length} utterances over ${data.duration.toFixed(0)} seconds of audio.`,
    height: 280,
    view,
    xTitle: "seconds of audio",
    yTitle: "",
    rows: true,
    keys: [
      ["wave", "spoken", "bar"],
      ["partial", "partial", "tick"],
      ["final", "final", "triangle"],
    ],
    range: () => {
      const [first, last] = within(view);
      return [last + 0.7, first - 0.7];
    },
    points: order.map((k) => ({
      x: utterances.start[k],
      y: row[k],
      text: () => utteranceTold(data, k),
      pick: utterances.first[k],
    })),
    draw(pen) {
      const [first, last] = within(view);
      const thick = Math.min(16, Math.max(2, Math.abs(pen.up(1) - pen.up(0)) * 0.6));
      for (const k of order.slice(first, last + 1)) {
        drawUtterance(pen, utterances, k, pen.up(row[k]), thick);
      }
    },
    table: () => [
      ["begins at", "ends at", "partials", "final at", "trigger", "text"],
      order.map((k) => [
        placeText(utterances.start[k]),
        placeText(utterances.end[k]),
        String(utterances.partials[k].length),
        placeText(utterances.final[k]),
        utterances.trigger[k] ?? "–",
        utteranceText(data, k),
      ]),
    ],
  };
}

function wordLatency(data, view) {
  const { words } = data;
  const every = [...words.text.keys()].filter((k) => words.end[k] !== null);
  const high = most([...words.seen_ms, ...words.final_ms]) * 1.06 || 100;
  const low = least([...words.seen_ms, ...words.final_ms]) * 1.06;
  const told = (k) =>
    `“${words.text[k]}” at ${placeText(words.end[k])}: first seen ${msText(words.seen_ms[k])}, ` +
    `final ${msText(words.final_ms[k])} after it was sent`;
  const sorted = every.sort((a, b) => words.end[a] - words.end[b]);
  const ends = sorted.map((k) => words.end[k]);
  return {
    title: "Word latency over the audio",
    summary: `${sorted.length} words: milliseconds from the end of each until it was seen, and final.`,
    height: 240,
    view,
    xTitle: "seconds of audio",
    yTitle: "ms",
    keys: KINDS.map(([, ink, text, mark]) => [ink, text, mark]),
    range: () => [low, high],
    points: sorted.map((k) => ({
      x: words.end[k],
      y: words.seen_ms[k] ?? words.final_ms[k] ?? high,
      text: () => told(k),
      pick: k,
    })),
    draw({ context, inks, across, up, from, to }) {
      const shown = sorted.slice(above(ends, from - 1e-9), above(ends, to));
      const dense = shown.length > 400;
      const size = dense ? 2 : 3.2;
      context.globalAlpha = dense ? 0.65 : 0.85;
      for (const [name, ink, , mark] of [...KINDS].reverse()) {
        context.fillStyle = inks[ink];
        const there = shown.filter((k) => words[name][k] !== null);
        const places = there.map((k) => [across(words.end[k]), up(words[name][k])]);
        // So small a dot is as good as a square.
        marks(context, dense && mark === "dot" ? "square" : mark, places, size);
      }
      context.globalAlpha = 1;
    },
    table: () => [
      ["word", "ends at (s)", "first seen (ms)", "final (ms)"],
      sorted.map((k) => [
        words.text[k],
        placeText(words.end[k]),
        String(words.seen_ms[k] ?? "–"),
        String(words.final_ms[k] ?? "–"),
      ]),
    ],
  };
}

function staircase(data, view) {
  const { curves } = data;
  const kinds = ["sent", "acknowledged", "partial", "final"].filter((name) => curves[name]);
  const high = most(kinds.map((name) => curves[name].audio.at(-1)));
  const reached = (name, at) => {
    const k = above(curves[name].at, at) - 1;
    return k < 0 ? 0 : curves[name].audio[k];
  };
  const told = (at) =>
    `at ${placeText(at)}: ${kinds.map((n) => `${n} up to ${placeText(reached(n, at))}`).join(", ")}`;
  const steps = (curves.final ?? curves.sent ?? { at: [] }).at;
  return {
    title: "Audio sent, acknowledged, transcribed",
    summary: `How far the audio had come at each moment: ${kinds.join(", ")}.`,
    height: 260,
    view,
    xTitle: "seconds of audio, as it was spoken",
    yTitle: "seconds reached",
    keys: kinds.map((name) => [name, name, "line"]),
    range: () => [Math.max(0, view.from - (view.to - view.from) * 0.25), Math.min(high, view.to)],
    points: steps.map((at) => ({
      x: at,
      y: reached(curves.final ? "final" : "sent", at),
      text: () => told(at),
    })),
    draw({ context, inks, across, up }) {
      for (const name of kinds) {
        context.strokeStyle = inks[name];
        context.lineWidth = name === "sent" ? 4 : 1.6;
        context.globalAlpha = name === "sent" ? 0.4 : 1;
        context.setLineDash({ acknowledged: [6, 3], final: [] }[name] ?? []);
        stairs(context, curves[name].at, curves[name].audio, across, up, view.high);
      }
      context.setLineDash([]);
      context.globalAlpha = 1;
    },
    table: () => [
      ["at (s)", ...kinds.map((name) => `${name} up to (s)`)],
      steps.map((at) => [placeText(at), ...kinds.map((name) => placeText(reached(name, at)))]),
    ],
  };
}

/** The share of words, in percent, that the first so many of a curve are. */
const share = (curve, count) => (100 * count) / Math.max(1, curve.total);

/** The latency within which so many percent came; null for never. */
function quantile(curve, percent) {
  return curve.ms[Math.max(0, Math.ceil((percent / 100) * curve.total) - 1)] ?? null;
}

function distributionPoints(curves, words) {
  const points = curves.flatMap((curve) =>
    curve.ms.map((x, rank) => {
      const [y, pick] = [share(curve, rank + 1), curve.word[rank]];
      const text = () => {
        const word = pick < 0 ? "" : `: “${words.text[pick]}”`;
        return `${y.toFixed(0)} % ${curve.text} within ${msText(x)}${word}`;
      };
      return { x, y, text, pick: pick < 0 ? undefined : pick };
    }),
  );
  return points.sort((a, b) => a.x - b.x);
}

function distribution(data) {
  const curves = KINDS.map(([name, ink, text, mark]) => ({
    ...data.spread[name.replace("_ms", "")],
    ...{ ink, text, mark },
  }));
  const low = Math.min(0, ...curves.map((curve) => curve.ms[0] ?? 0));
  const high = most(curves.map((curve) => curve.ms.at(-1))) || 1;
  const half = curves.map((curve) => `${curve.text} ${msText(quantile(curve, 50))}`).join(", ");
  return {
    title: "Word latency, distribution",
    summary: `Share of words that were there within a latency; half of them: ${half}.`,
    height: 260,
    view: new View(low, high * 1.03),
    xTitle: "ms since the end of the word",
    yTitle: "% of words",
    keys: KINDS.map(([, ink, text]) => [ink, text, "line"]),
    range: () => [0, 102],
    points: distributionPoints(curves, data.words),
    draw({ context, inks, across, up, to }) {
      context.lineWidth = 1.8;
      for (const curve of curves) {
        context.strokeStyle = context.fillStyle = inks[curve.ink];
        const ys = curve.ms.map((_, rank) => share(curve, rank + 1));
        stairs(context, [curve.ms[0] ?? 0, ...curve.ms], [0, ...ys], across, up, to);
        for (const percent of [50, 90]) {
          const x = quantile(curve, percent);
          if (x !== null) marks(context, curve.mark, [[across(x), up(percent)]], 4.5);
        }
      }
    },
    table: () => [
      ["share of words", ...curves.map((curve) => `${curve.text} (ms)`)],
      [5, 10, 25, 50, 75, 90, 95, 99, 100].map((percent) => [
        `${percent} %`,
        ...curves.map((curve) => String(quantile(curve, percent) ?? "never")),
      ]),
    ],
  };
}

/**
 * The pictures; `picked(word, play)` is called with what is chosen in them, and `plays` is whether
 * something can be played. `rest` makes them, one a step.
 */
export function picturesOf(data, picked, plays) {
  const { utterances, words, curves } = data;
  const ends = [utterances.final, words.end, curves.final?.at ?? []].map(most);
  // The last mark is whole.
  const view = new View(0, 1.01 * Math.max(1, data.duration, ...ends));
  const element = el("div", { class: "gnb-hear-pictures" });
  const plots = [];
  let chosen = -1;
  const forget = watchColours(() => {
    for (const plot of plots) plot.later();
  });
  return {
    element,
    *rest() {
      for (const specOf of [timeline, wordLatency, distribution, staircase]) {
        const plot = new Plot({ ...specOf(data, view), plays }, picked);
        element.append(plot.element);
        plots.push(plot);
        if (chosen >= 0) plot.choose(chosen);
        plot.draw();
        yield;
      }
    },
    choose: (word) => {
      chosen = word;
      for (const plot of plots) plot.choose(word);
    },
    /** Where the playhead is; null for nowhere. */
    follow: (second) => {
      for (const plot of plots) {
        if (plot.spec.view !== view) continue;
        if (second !== null) view.reveal(second);
        plot.follow(second);
      }
    },
    close: () => {
      forget();
      for (const plot of plots) plot.close();
    },
  };
}
