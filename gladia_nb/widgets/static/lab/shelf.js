// All runs of a folder, and some of them side by side.

import { button, dataTable, h, panel, pictureOf, say } from "./dom.js";

const COLUMNS = ["Audio", "Began (UTC)", "Length", "Outcome", "Endpointing", "Sent to", "Open"];

/** Runs as a table: each can be opened, and chosen by a box. */
function runsTable(rows, chosen, { send, mark }) {
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
  const cells = rows.map((row) => [
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
  ]);
  return dataTable({ columns: COLUMNS, rows: cells }, "Runs, the latest first", tick);
}

/** A button that compares what is chosen, and the place for what comes of it. */
function comparison(chosen, ask) {
  const picture = pictureOf();
  const result = h("div", { "aria-live": "polite", class: "gnb-result" });
  const compare = button("Compare", async () => {
    if (compare.getAttribute("aria-disabled") === "true") return;
    const answer = await ask({ kind: "compare", paths: [...chosen] });
    if (!answer) return;
    const { table, text } = answer.content;
    const [data] = answer.buffers;
    const differences = data
      ? [h("h4", {}, "Run 2 minus run 1, pair by pair"), picture.of(data, text)]
      : [];
    const side = dataTable(table, "Runs side by side");
    result.replaceChildren(h("h4", {}, "Side by side"), side, ...differences);
  });
  return { compare, result, close: picture.close };
}

/** The panel of all that. */
export function shelfPanel({ model, ask, send }) {
  const chosen = new Set();
  const place = h("div", {});
  const where = h("p", { class: "gnb-facts" });
  const left = h("ul", { class: "gnb-facts", "aria-label": "Files that are not shown" });
  const words = h("p", { class: "gnb-facts", role: "status" });
  const { compare, result, close } = comparison(chosen, ask);
  const refresh = button("Look again", () => send({ kind: "refresh" }));
  const row = h("div", { class: "gnb-row" }, compare, refresh, words);
  function mark() {
    compare.setAttribute("aria-disabled", String(chosen.size < 2));
    say(words, chosen.size ? `${chosen.size} chosen.` : "Choose two or more to compare.");
  }
  function update() {
    const { directory, rows, skipped } = model.get("shelf");
    say(where, directory ? `Folder: ${directory}` : "");
    left.hidden = !skipped?.length;
    left.replaceChildren(...(skipped ?? []).slice(0, 10).map((why) => h("li", {}, why)));
    mark();
    if (!rows?.length) {
      const sentence = "No runs yet. Each session is kept here by itself.";
      place.replaceChildren(h("p", { class: "gnb-empty" }, sentence));
      return;
    }
    const focused = document.activeElement?.dataset?.path;
    place.replaceChildren(runsTable(rows, chosen, { send, mark }));
    if (!focused) return;
    [...place.querySelectorAll("input")].find((box) => box.dataset.path === focused)?.focus();
  }
  return { element: panel("Shelf", "shelf", where, place, left, row, result), update, close };
}
