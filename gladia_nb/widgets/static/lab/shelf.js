// All runs of a folder: found, sorted, renamed, deleted and brought back; some of them side by side.

import { switchable } from "./bar.js";
import { comparison } from "./compare.js";
import { button, h, panel, say, unique } from "./dom.js";

/** A median as the shelf shows it: what never came is the latest of all, no number is none. */
function medianOf(text) {
  if (text === "never") return Number.POSITIVE_INFINITY;
  const value = Number.parseFloat(text);
  return Number.isNaN(value) ? null : value;
}

/** Columns of the table: title, what is shown, what it is sorted by, and whether it is a number. */
const SHELF_COLUMNS = [
  { title: "Name", key: "name" },
  { title: "Began", key: "began" },
  { title: "Length", key: "duration", by: (row) => row.duration_s ?? null, number: true },
  { title: "Seen", key: "seen", by: (row) => medianOf(row.seen), number: true },
  { title: "Final", key: "final", by: (row) => medianOf(row.final), number: true },
  { title: "Settings", key: "settings" },
  { title: "Outcome", key: "outcome" },
  { title: "Service", key: "target" },
];

/** Rows that have all words, in the order of a column. */
function arranged(rows, words, { key, down }) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (row) => {
    const text = SHELF_COLUMNS.map((column) => row[column.key])
      .join(" ")
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const column = SHELF_COLUMNS.find((one) => one.key === key);
  const of = column.by ?? ((row) => row[key]);
  const found = rows.filter(has);
  const order = (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0) * (down ? -1 : 1);
  // Where there is nothing to sort by is last, whichever way.
  const known = found.filter((row) => of(row) !== null).sort(order);
  return [...known, ...found.filter((row) => of(row) === null)];
}

/** The head of the table: each column sorts. */
function headRow(order, sortBy) {
  const cells = SHELF_COLUMNS.map(({ title, key, number }) => {
    const sorted = order.key === key ? (order.down ? "descending" : "ascending") : null;
    const sign = sorted ? h("span", { "aria-hidden": "true" }, order.down ? " ▾" : " ▴") : null;
    const sort = h(
      "button",
      { type: "button", class: "gnb-sort", "data-key": key, onclick: () => sortBy(key) },
      title,
      sign,
    );
    return h(
      "th",
      { scope: "col", class: number ? "gnb-number" : null, "aria-sort": sorted },
      sort,
    );
  });
  return h(
    "tr",
    {},
    h("th", { scope: "col" }, "Choose"),
    ...cells,
    h("th", { scope: "col" }, "Open"),
  );
}

/** One run: it can be chosen and opened. */
function shelfRow(row, chosen, { send }, mark) {
  const box = h("input", {
    type: "checkbox",
    checked: chosen.has(row.path),
    "data-path": row.path,
    "aria-label": `Choose ${row.name} of ${row.began}`,
    onchange() {
      if (box.checked) chosen.add(row.path);
      else chosen.delete(row.path);
      mark();
    },
  });
  const open = button("Open", () => send({ kind: "open", path: row.path }), {
    class: "gnb-button gnb-small",
    "aria-label": `Open ${row.name} of ${row.began}`,
  });
  const cells = SHELF_COLUMNS.map(({ key, number }) =>
    h("td", { class: number ? "gnb-number" : null, title: row[key] }, row[key]),
  );
  return h("tr", {}, h("td", {}, box), ...cells, h("td", {}, open));
}

/** Rename and delete what is chosen, and bring back what was deleted last. */
function shelfChanges(chosen, { send, ask, rules }) {
  const id = unique("rename");
  const name = h("input", {
    type: "text",
    id,
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "New name",
    onkeydown(event) {
      if (event.key === "Enter") put();
      if (event.key === "Escape") close();
    },
  });
  const entry = h("div", { class: "gnb-pair" }, name, button("Use this name", put));
  entry.hidden = true;
  function close() {
    entry.hidden = true;
    rename.focus();
  }
  async function put() {
    const [row] = chosen.rows();
    if (row && (await ask({ kind: "rename", path: row.path, name: name.value }))) {
      chosen.clear();
      close();
    }
  }
  const rename = button("Rename", () => {
    name.value = chosen.rows()[0].name;
    entry.hidden = false;
    name.select();
    name.focus();
  });
  const remove = button("Delete", () => {
    const paths = chosen.rows().map(({ path }) => path);
    chosen.clear();
    send({ kind: "delete", paths });
  });
  const undo = button("Undo", () => send({ kind: "restore" }), { class: "gnb-button gnb-small" });
  const words = h("span", { role: "status" });
  const undone = h("p", { class: "gnb-undo" }, words, " ", undo);
  const renameOff = switchable(rename);
  const removeOff = switchable(remove);
  return {
    buttons: [rename, remove],
    parts: [entry, undone],
    mark(count) {
      renameOff(count !== 1);
      removeOff(count === 0);
      if (count !== 1) entry.hidden = true;
    },
    update(deleted) {
      undone.hidden = !deleted?.length;
      const what = deleted?.length === 1 ? deleted[0] : `${deleted?.length} runs`;
      say(words, deleted?.length ? `Deleted: ${what}; ${rules.deleted}.` : "");
    },
  };
}

/** The table in its place, with what it is searched for and sorted by. */
function shelfTable(chosen, wires, mark) {
  const place = h("div", {});
  const order = { key: "began", down: true };
  const search = h("input", {
    type: "search",
    class: "gnb-search",
    "aria-label": "Search the shelf",
    placeholder: "Search",
    autocomplete: "off",
    oninput: draw,
  });
  function sortBy(key) {
    order.down = order.key === key ? !order.down : key === "began";
    order.key = key;
    draw();
  }
  function draw() {
    const { rows } = wires.model.get("shelf");
    if (!rows?.length) {
      const sentence = "No runs yet. Each session is kept here by itself.";
      place.replaceChildren(h("p", { class: "gnb-empty" }, sentence));
      return;
    }
    const focused = document.activeElement?.dataset ?? {};
    const found = arranged(rows, search.value, order);
    if (!found.length) {
      const sentence = `No run matches “${search.value.trim()}”; there are ${rows.length}.`;
      place.replaceChildren(h("p", { class: "gnb-empty", role: "status" }, sentence));
      return;
    }
    const caption =
      found.length === rows.length ? "Runs" : `Runs: ${found.length} of ${rows.length} found`;
    const body = found.map((row) => shelfRow(row, chosen.paths, wires, mark));
    const table = h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, headRow(order, sortBy)),
      h("tbody", {}, ...body),
    );
    const scroll = {
      class: "gnb-scroll gnb-runs",
      role: "region",
      tabindex: "0",
      "aria-label": "Runs",
    };
    const top = place.firstElementChild?.scrollTop ?? 0;
    place.replaceChildren(h("div", scroll, table));
    place.firstElementChild.scrollTop = top;
    const again = [...place.querySelectorAll("input, .gnb-sort")].find(
      ({ dataset }) =>
        (focused.path && dataset.path === focused.path) ||
        (focused.key && dataset.key === focused.key),
    );
    again?.focus();
  }
  return { search, place, draw };
}

/** The panel of all that. */
export function shelfPanel(wires) {
  const { model, send } = wires;
  const chosen = {
    paths: new Set(),
    rows: () => (model.get("shelf").rows ?? []).filter(({ path }) => chosen.paths.has(path)),
    clear() {
      chosen.paths.clear();
      update();
    },
  };
  const where = h("p", { class: "gnb-facts" });
  const left = h("ul", { class: "gnb-facts", "aria-label": "Files that are not shown" });
  const words = h("p", { class: "gnb-facts", role: "status" });
  const { compare, choice, offer, result, close } = comparison(chosen.rows, wires);
  const compareOff = switchable(compare);
  const changes = shelfChanges(chosen, wires);
  const table = shelfTable(chosen, wires, mark);
  const refresh = button("Refresh", () => send({ kind: "refresh" }));
  const top = h("div", { class: "gnb-row" }, table.search, refresh, where);
  const row = h("div", { class: "gnb-row gnb-acts" }, compare, choice, ...changes.buttons, words);
  function mark() {
    const count = chosen.rows().length;
    compareOff(count < 2);
    changes.mark(count);
    offer();
    say(words, count ? `${count} chosen.` : "Choose two or more to compare.");
  }
  function update() {
    const { directory, rows, skipped, deleted } = model.get("shelf");
    const there = new Set((rows ?? []).map(({ path }) => path));
    for (const path of chosen.paths) if (!there.has(path)) chosen.paths.delete(path);
    say(where, directory ? `Folder: ${directory}` : "");
    left.hidden = !skipped?.length;
    left.replaceChildren(...(skipped ?? []).slice(0, 10).map((why) => h("li", {}, why)));
    changes.update(deleted);
    table.draw();
    mark();
  }
  const parts = [top, table.place, left, row, ...changes.parts, result];
  return { element: panel("Shelf", "shelf", ...parts), update, close };
}
