// A run that has ended, and the shelf of all runs.

import { button, dataTable, h, panel, say, tabs, unique } from "./dom.js";

const STATUS = { valid: "✓ Valid", degraded: "! Degraded", invalid: "✕ Invalid" };

export function afterPanel({ model, ask, send }) {
  const body = h("div", { class: "gnb-body" });
  const head = h("div", { class: "gnb-run" });
  const empty = h(
    "p",
    { class: "gnb-empty" },
    "When a session has ended, its summary, pictures and tables appear here. A run from the shelf " +
      "can be opened as well.",
  );
  const names = ["Summary", "Pictures", "Tables", "Replay", "Keep"];
  const bar = tabs("Views of the run", names, body, show);
  const content = h("div", {}, head, bar.list, body);
  const element = panel("After", "after", empty, content);
  let shownPath = null;
  let url = "";
  let ticket = 0;

  function show(name) {
    ticket += 1;
    const after = model.get("after");
    if (!after.facts) return;
    const views = { Summary: summary, Pictures: pictures, Tables: tables, Replay: replay, Keep: keep };
    body.replaceChildren(...views[name](after, ticket));
  }

  function summary(after) {
    const facts = after.facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
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
      after.transcript
        ? h("div", { class: "gnb-text" }, ...after.transcript.split("\n").map((line) => h("p", {}, line)))
        : h("p", { class: "gnb-empty" }, "No finals."),
    ];
  }

  function chooser(label, options, act) {
    const id = unique("choose");
    const place = h("div", { class: "gnb-result", "aria-live": "polite" });
    const select = h(
      "select",
      { id, onchange: () => act(select.value, place) },
      ...options.map((name) => h("option", { value: name }, name)),
    );
    act(options[0], place);
    return [h("div", { class: "gnb-field gnb-short" }, h("label", { for: id }, label), select), place];
  }

  function pictures(after) {
    return chooser("Picture", after.pictures, async (name, place) => {
      say(place, "Drawing …");
      const mine = ticket;
      const answer = await ask({ kind: "picture", name });
      if (mine !== ticket) return;
      if (!answer) return say(place, "It could not be drawn; the reason is at the top.");
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(new Blob([answer.buffers[0]], { type: "image/png" }));
      place.replaceChildren(h("img", { src: url, alt: answer.content.text }));
    });
  }

  function tables(after) {
    return chooser("Table", after.tables, async (name, place) => {
      const mine = ticket;
      const answer = await ask({ kind: "table", name });
      if (mine !== ticket || !answer) return;
      const { table } = answer.content;
      const first = table.total > table.rows.length ? `first ${table.rows.length} of ` : "";
      const rows = table.total === 1 ? "1 row" : `${table.total} rows`;
      place.replaceChildren(dataTable(table, `${name}: ${first}${rows}`));
    });
  }

  function replay() {
    const go = (text, speed) => button(text, () => send({ kind: "replay", speed }));
    return [
      h("p", {}, "Show this run again in the view above, from its record. Nothing is sent."),
      h("div", { class: "gnb-row" }, go("As it was", 1), go("Ten times as fast", 10), go("At once", 0)),
    ];
  }

  function keep(after) {
    const status = h("p", { class: "gnb-facts", role: "status" });
    const stem = after.name.replace(/\.\w+$/, "");
    const row = (title, kind, value, help) => {
      const id = unique("keep");
      const input = h("input", { type: "text", id, value, spellcheck: "false", "aria-describedby": `${id}-help` });
      const act = async () => {
        const answer = await ask({ kind, path: input.value });
        if (answer) say(status, answer.content.text);
      };
      return h(
        "div",
        { class: "gnb-field" },
        h("label", { for: id }, title),
        h("div", { class: "gnb-pair" }, input, button("Write", act, { "aria-label": `${title}: write` })),
        h("p", { class: "gnb-help", id: `${id}-help` }, help),
      );
    };
    return [
      h("p", {}, `The run is on disk already: ${after.place}`),
      row("A copy of the run", "save", `${stem}.run`, "One file; gladia_nb.load reads it without a network."),
      row("Tables and pictures", "export", `${stem}-export`, "A folder of CSV, text and PNG files."),
      row("A report", "report", `${stem}.html`, "One page with everything that matters."),
      status,
    ];
  }

  function update() {
    const after = model.get("after");
    const there = Boolean(after.facts);
    empty.hidden = there;
    content.hidden = !there;
    if (!there || after.path === shownPath) return;
    shownPath = after.path;
    const { status } = after.verdict;
    head.replaceChildren(
      h("p", { class: "gnb-verdict", "data-status": status }, `${STATUS[status] || status} measurement`),
      h("p", { class: "gnb-title" }, after.name),
      after.error ? h("p", { class: "gnb-problem" }, after.error) : "",
    );
    bar.select("Summary");
  }
  return {
    element,
    update,
    close: () => url && URL.revokeObjectURL(url),
  };
}

export function shelfPanel({ model, ask, send }) {
  const chosen = new Set();
  let url = null;
  const place = h("div", {});
  const result = h("div", { "aria-live": "polite", class: "gnb-result" });
  const where = h("p", { class: "gnb-facts" });
  const words = h("p", { class: "gnb-facts", role: "status" });
  const compare = button("Compare", async () => {
    if (compare.getAttribute("aria-disabled") === "true") return;
    const answer = await ask({ kind: "compare", paths: [...chosen] });
    if (!answer) return;
    if (url) URL.revokeObjectURL(url);
    url = answer.buffers.length ? URL.createObjectURL(new Blob([answer.buffers[0]], { type: "image/png" })) : null;
    const { table, text } = answer.content;
    result.replaceChildren(
      h("h4", {}, "Side by side"),
      dataTable(table, "Runs side by side"),
      url ? h("h4", {}, "Run 2 minus run 1, pair by pair") : "",
      url ? h("img", { src: url, alt: text }) : "",
    );
  });
  const refresh = button("Look again", () => send({ kind: "refresh" }));
  const element = panel(
    "Shelf",
    "shelf",
    where,
    place,
    h("div", { class: "gnb-row" }, compare, refresh, words),
    result,
  );
  function mark() {
    compare.setAttribute("aria-disabled", String(chosen.size < 2));
    const more = chosen.size ? `${chosen.size} chosen.` : "Choose two or more to compare.";
    say(words, more);
  }
  function update() {
    const { directory, rows } = model.get("shelf");
    say(where, directory ? `Folder: ${directory}` : "");
    if (!rows || !rows.length) {
      place.replaceChildren(h("p", { class: "gnb-empty" }, "No runs yet. Each session is kept here by itself."));
      mark();
      return;
    }
    const focused = document.activeElement?.dataset?.path;
    const tick = (number) => {
      const row = rows[number];
      const box = h("input", {
        type: "checkbox",
        checked: chosen.has(row.path),
        "data-path": row.path,
        "aria-label": `Compare ${row.name} of ${row.began}`,
        onchange() {
          if (box.checked) chosen.add(row.path);
          else chosen.delete(row.path);
          mark();
        },
      });
      return box;
    };
    const data = {
      columns: ["Audio", "Began (UTC)", "Length", "Outcome", "Endpointing", "Sent to", "Open"],
      rows: rows.map((row) => [
        row.name,
        row.began,
        row.duration,
        row.outcome,
        row.endpointing,
        row.target,
        button("Open", () => send({ kind: "open", path: row.path }), {
          class: "gnb-button gnb-small",
          "aria-label": `Open ${row.name} of ${row.began}`,
        }),
      ]),
    };
    place.replaceChildren(dataTable(data, "Runs, the latest first", tick));
    if (focused) {
      [...place.querySelectorAll("input")].find((box) => box.dataset.path === focused)?.focus();
    }
    mark();
  }
  return { element, update, close: () => url && URL.revokeObjectURL(url) };
}
