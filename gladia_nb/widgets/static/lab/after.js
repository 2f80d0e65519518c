// A run that has ended: its summary, pictures, tables, a replay, and files of it.

import { button, dataTable, field, h, panel, pictureOf, say, tabs, unique } from "./dom.js";
import { explorer } from "./endpointing.js";

function transcriptOf(after) {
  if (!after.transcript) return h("p", { class: "gnb-empty" }, "No finals.");
  const lines = after.transcript.split("\n");
  return h("div", { class: "gnb-text" }, ...lines.map((line) => h("p", {}, line)));
}

function summary(after) {
  const facts = after.facts.map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value)),
  );
  const words = after.verdict.reasons.map((reason) => h("li", {}, reason));
  const notes = after.warnings.map((text) => h("p", { class: "gnb-note" }, text));
  return [
    h("dl", { class: "gnb-factlist" }, ...facts),
    words.length
      ? h("div", {}, h("h4", {}, "About the measurement"), h("ul", {}, ...words))
      : h("p", { class: "gnb-facts" }, "Every check of stopwatch, pacing and record passed."),
    ...notes,
    h("h4", {}, "Latency, partial versus final"),
    after.latency.rows.length
      ? dataTable(after.latency, "Latency in milliseconds")
      : h("p", { class: "gnb-empty" }, "No transcript came, so there is no latency."),
    h("h4", {}, "Transcript"),
    transcriptOf(after),
  ];
}

/** One of several, and a place for it; `show(name, place)` fills the place. */
export function chooser(label, options, show) {
  const place = h("div", { class: "gnb-result", "aria-live": "polite" });
  const select = h(
    "select",
    { id: unique("choose"), onchange: () => show(select.value, place) },
    ...options.map((name) => h("option", { value: name }, name)),
  );
  show(options[0], place);
  const choice = field(select, label);
  choice.classList.add("gnb-short");
  return [choice, place];
}

/** `ask` is answered only while the same view is shown: else with undefined. */
function pictures(after, ask, picture) {
  return chooser("Picture", after.pictures, async (name, place) => {
    say(place, "Drawing …");
    const answer = await ask({ kind: "picture", name });
    if (answer === undefined) return;
    if (answer === null) say(place, "It could not be drawn; the reason is at the top.");
    else place.replaceChildren(picture.of(answer.buffers[0], answer.content.text));
  });
}

function tables(after, ask) {
  return chooser("Table", after.tables, async (name, place) => {
    const answer = await ask({ kind: "table", name });
    if (!answer) return;
    const { table } = answer.content;
    const first = table.total > table.rows.length ? `first ${table.rows.length} of ` : "";
    const rows = table.total === 1 ? "1 row" : `${table.total} rows`;
    place.replaceChildren(dataTable(table, `${name}: ${first}${rows}`));
  });
}

function replay(send) {
  const go = (text, speed) => button(text, () => send({ kind: "replay", speed }));
  const speeds = [go("As it was", 1), go("Ten times as fast", 10), go("At once", 0)];
  return [
    h("p", {}, "Show this run again in the view above, from its record. Nothing is sent."),
    h("div", { class: "gnb-row" }, ...speeds),
  ];
}

/** A file to write: where, and a button that does it; `write(path)`. */
export function fileRow(title, value, help, write) {
  const id = unique("keep");
  const described = { "aria-describedby": `${id}-help` };
  const path = h("input", { type: "text", id, value, spellcheck: "false", ...described });
  const act = button("Write", () => write(path.value), { "aria-label": `${title}: write` });
  return h(
    "div",
    { class: "gnb-field" },
    h("label", { for: id }, title),
    h("div", { class: "gnb-pair" }, path, act),
    h("p", { class: "gnb-help", id: `${id}-help` }, help),
  );
}

function keep(after, ask) {
  const status = h("p", { class: "gnb-facts", role: "status" });
  const stem = after.name.replace(/\.\w+$/, "");
  const one = "One file; gladia_nb.load reads it without a network.";
  const folder = "A folder of CSV, text and PNG files.";
  const page = "One page with everything that matters.";
  const write = (kind) => async (path) => {
    const answer = await ask({ kind, path });
    if (answer) say(status, answer.content.text);
  };
  return [
    h("p", {}, `The run is on disk already: ${after.place}`),
    fileRow("A copy of the run", `${stem}.run`, one, write("save")),
    fileRow("Tables and pictures", `${stem}-export`, folder, write("export")),
    fileRow("A report", `${stem}.html`, page, write("report")),
    status,
  ];
}

/** Name and verdict of a run. */
function title(after, signs) {
  const { status } = after.verdict;
  const word = `${signs[status]} ${status[0].toUpperCase()}${status.slice(1)} measurement`;
  return [
    h("p", { class: "gnb-verdict", "data-status": status }, word),
    h("p", { class: "gnb-title" }, after.name),
    after.error ? h("p", { class: "gnb-problem" }, after.error) : "",
  ];
}

/** The panel of all that. */
export function afterPanel({ model, ask, send, rules }) {
  const body = h("div", { class: "gnb-body" });
  const head = h("div", { class: "gnb-run" });
  const empty = h(
    "p",
    { class: "gnb-empty" },
    "When a session has ended, its summary, pictures and tables appear here. A run from the shelf " +
      "can be opened as well.",
  );
  const picture = pictureOf();
  const endpoints = explorer(model);
  let shownPath = null;
  let ticket = 0;
  const views = {
    Summary: summary,
    Pictures: (after) => pictures(after, asker(), picture),
    Tables: (after) => tables(after, asker()),
    Endpointing: (after) => endpoints.view(after, asker()),
    Replay: () => replay(send),
    Keep: (after) => keep(after, ask),
  };
  const bar = tabs("Views of the run", Object.keys(views), body, show);
  const content = h("div", {}, head, bar.list, body);

  /** What asks for a view that may be gone, or asked for again, when the answer comes. */
  function asker() {
    const mine = ticket;
    return async (command) => {
      const answer = await ask(command);
      return mine === ticket ? answer : undefined;
    };
  }
  function show(name) {
    ticket += 1;
    const after = model.get("after");
    if (after.facts) body.replaceChildren(...views[name](after));
  }
  function update() {
    const after = model.get("after");
    const there = Boolean(after.facts);
    empty.hidden = there;
    content.hidden = !there;
    if (!there || after.path === shownPath) return;
    shownPath = after.path;
    head.replaceChildren(...title(after, rules.signs));
    bar.select("Summary");
  }
  function close() {
    picture.close();
    endpoints.close();
  }
  return { element: panel("After", "after", empty, content), update, close };
}
