// A run that has ended: its summary, pictures, tables, a replay, and files of it.

import { switchable } from "./bar.js";
import { button, dataTable, field, h, lookOf, panel, pictureOf, say, tabs, unique } from "./dom.js";
import { explorer } from "./endpointing.js";
import { listenView } from "./listen.js";

/** Lines of a transcript that are shown at once. */
const PAGE = 40;

function transcriptOf(after) {
  if (!after.transcript) return h("p", { class: "gnb-empty" }, "No finals.");
  const lines = after.transcript.split("\n").map((line) => h("p", { dir: "auto" }, line));
  return paged(lines, "line", h("div", { class: "gnb-text" }));
}

/** So many parts at a time, with a way to the others, in a place that keeps its height. */
function paged(parts, what, place) {
  let at = 0;
  const words = h("span", { class: "gnb-facts", role: "status" });
  const go = (step) => () => {
    at += step * PAGE;
    show();
  };
  const back = button("Earlier", go(-1), { class: "gnb-button gnb-small" });
  const on = button("Later", go(1), { class: "gnb-button gnb-small" });
  const backOff = switchable(back);
  const onOff = switchable(on);
  function show() {
    const end = Math.min(parts.length, at + PAGE);
    place.replaceChildren(...parts.slice(at, end));
    say(words, `${what[0].toUpperCase()}${what.slice(1)}s ${at + 1} to ${end} of ${parts.length}`);
    backOff(at === 0);
    onOff(end === parts.length);
  }
  show();
  const row = parts.length > PAGE ? [h("div", { class: "gnb-row" }, back, on, words)] : [];
  return h("div", { class: "gnb-paged" }, ...row, place);
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
    const answer = await ask({ kind: "picture", name, ...lookOf(place) });
    if (answer === undefined) return;
    if (answer === null) say(place, "It could not be drawn; the reason is above.");
    else {
      const [data] = answer.buffers;
      const file = `${after.stem}-${name.toLowerCase().replaceAll(" ", "-")}.png`;
      const save = button("Download PNG", () => handOver(file, data, "image/png"), {
        class: "gnb-button gnb-small",
      });
      place.replaceChildren(picture.of(data, answer.content.text), save);
    }
  });
}

function tables(after, ask) {
  const load = async (table) => {
    const answer = await ask({ kind: "download", what: "table", table });
    if (answer) handOver(answer.content.name, answer.buffers[0], "text/csv");
  };
  return chooser("Table", after.tables, async (name, place) => {
    const answer = await ask({ kind: "table", name });
    if (!answer) return;
    const { table } = answer.content;
    const first = table.total > table.rows.length ? `first ${table.rows.length} of ` : "";
    const rows = table.total === 1 ? "1 row" : `${table.total} rows`;
    const save = button("Download CSV", () => load(name), { class: "gnb-button gnb-small" });
    place.replaceChildren(dataTable(table, `${name}: ${first}${rows}`), save);
  });
}

function replay(send) {
  const go = (text, speed) =>
    button(text, ({ currentTarget }) => {
      send({ kind: "replay", speed });
      // What is replayed is seen.
      const live = currentTarget.closest(".gnb-lab").querySelector(".gnb-live");
      live.scrollIntoView({ block: "start" });
    });
  const speeds = [go("As it was", 1), go("Ten times as fast", 10), go("At once", 0)];
  return [
    h("p", {}, "Show this run again in the view above, from its record. Nothing is sent."),
    h("div", { class: "gnb-row" }, ...speeds),
  ];
}

/**
 * A file to write: where, and a button that does it. `write(path, replace)` returns whether
 * something is there already, and nothing was written: a second press then replaces it.
 */
export function fileRow(title, value, help, write) {
  const id = unique("keep");
  const described = { "aria-describedby": `${id}-help` };
  let taken = "";
  const offer = () => {
    const replaces = taken !== "" && path.value === taken;
    say(act, replaces ? "Replace" : "Write");
    act.setAttribute("aria-label", `${title}: ${replaces ? "replace" : "write"}`);
    return replaces;
  };
  const path = h("input", {
    type: "text",
    id,
    value,
    spellcheck: "false",
    oninput: offer,
    ...described,
  });
  const act = button("Write", async () => {
    const asked = path.value;
    taken = (await write(asked, offer())) ? asked : "";
    offer();
  });
  offer();
  return h(
    "div",
    { class: "gnb-field" },
    h("label", { for: id }, title),
    h("div", { class: "gnb-pair" }, path, act),
    h("p", { class: "gnb-help", id: `${id}-help` }, help),
  );
}

/** Hand a file to the browser, which asks where to or puts it among its downloads. */
export function handOver(name, data, type) {
  const url = URL.createObjectURL(new Blob([data], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Files for the browser, which may be far from the kernel. */
function downloads(ask, status) {
  const place = h("div", { class: "gnb-offers" });
  const load = async ({ what, text }) => {
    say(status, `Making it: ${text} …`);
    const answer = await ask({ kind: "download", what });
    if (answer) handOver(answer.content.name, answer.buffers[0], "application/octet-stream");
    say(status, answer ? `Downloaded: ${answer.content.name}, ${answer.content.size}.` : "");
  };
  const offered = (offer) => {
    const one = button(offer.text, () => load(offer));
    switchable(one)(Boolean(offer.why));
    const words = h("span", { class: "gnb-facts", id: unique("size") }, offer.why || offer.size);
    if (words.textContent) one.setAttribute("aria-describedby", words.id);
    return h("div", { class: "gnb-row" }, one, words);
  };
  ask({ kind: "offers" }).then((answer) => {
    if (answer) place.replaceChildren(...answer.content.offers.map(offered));
  });
  return place;
}

function exportView(after, ask) {
  const status = h("p", { class: "gnb-facts", role: "status" });
  const { stem } = after;
  const one = "One file without the sound; gladia_nb.load reads it without a network.";
  const folder = "A folder of CSV, text and PNG files.";
  const page = "One page with everything that matters.";
  const write = (kind) => async (path, replace) => {
    say(status, "Writing …");
    const answer = await ask({ kind, path, replace });
    const { text = "", taken = false } = answer?.content ?? {};
    say(status, taken ? `${text} Press Replace to write over it, or name another place.` : text);
    return taken;
  };
  return [
    h("p", {}, after.kept),
    h("h4", {}, "Download with the browser"),
    downloads(ask, status),
    h("h4", {}, "Write where the kernel is"),
    fileRow("A copy of the run", `${stem}.run`, one, write("save")),
    fileRow("Tables and pictures", `${stem}-export`, folder, write("export")),
    fileRow("A report", `${stem}.html`, page, write("report")),
    status,
  ];
}

/** The run in four numbers; what each means is a click away. */
function headlineOf({ headline }, terms) {
  const meaning = h("p", { class: "gnb-meaning", role: "status" });
  meaning.hidden = true;
  const buttons = [];
  const items = headline.numbers.map(([key, value, of]) => {
    const { title: name, meaning: text, field: names, name: ours } = terms[key];
    const ask = h(
      "button",
      { type: "button", class: "gnb-term", title: text, "aria-expanded": "false", onclick },
      name,
    );
    buttons.push(ask);
    function onclick() {
      const open = ask.getAttribute("aria-expanded") !== "true";
      for (const one of buttons) one.setAttribute("aria-expanded", String(open && one === ask));
      meaning.hidden = !open;
      const field = names ? ` In the field: ${names}.` : "";
      say(meaning, open ? `${name} (${ours}): ${text}${field}` : "");
    }
    return h("div", {}, h("dt", {}, ask), h("dd", {}, value), h("dd", { class: "gnb-of" }, of));
  });
  return [h("dl", { class: "gnb-headline" }, ...items), meaning];
}

/** Name and verdict of a run. */
function title(after, { signs, terms }) {
  const { status } = after.verdict;
  const word = `${signs[status]} ${status[0].toUpperCase()}${status.slice(1)} measurement`;
  return [
    h("p", { class: "gnb-verdict", "data-status": status }, word),
    h("p", { class: "gnb-title" }, after.name),
    after.error ? h("p", { class: "gnb-problem" }, after.error) : "",
    after.gone ? h("p", { class: "gnb-note gnb-gone", role: "status" }, after.kept) : "",
    ...headlineOf(after, terms),
  ];
}

/** Views that tell of the file of a run. */
const OF_ITS_FILE = ["Listen", "Export"];

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
  const listen = listenView();
  let shown = null;
  let kept = null;
  let ticket = 0;
  const views = {
    Summary: summary,
    Listen: () => listen.view(asker()),
    Pictures: (after) => pictures(after, asker(), picture),
    Tables: (after) => tables(after, asker()),
    Endpointing: (after) => endpoints.view(after, asker()),
    Replay: () => replay(send),
    Export: (after) => exportView(after, ask),
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
    listen.close();
    const after = model.get("after");
    if (after.facts) body.replaceChildren(...views[name](after));
  }
  function update() {
    const after = model.get("after");
    const there = Boolean(after.facts);
    empty.hidden = there;
    content.hidden = !there;
    if (!there || (after.number === shown && after.kept === kept)) return;
    head.replaceChildren(...title(after, rules));
    // Deleted, renamed or back: what tells of its file has something else to say.
    if (after.number !== shown) bar.select("Summary");
    else if (OF_ITS_FILE.includes(bar.current())) bar.select(bar.current());
    shown = after.number;
    kept = after.kept;
  }
  function close() {
    // What is still on its way is wanted by nobody.
    ticket += 1;
    listen.close();
    picture.close();
    endpoints.close();
  }
  return { element: panel("Results", "after", empty, content), update, close };
}
