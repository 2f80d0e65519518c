// Small helpers: elements, ids, numbers as text.

let count = 0;

/** An id that no other element of the page has. */
export function unique(stem) {
  count += 1;
  return `gnb-${stem}-${count}-${Math.random().toString(36).slice(2, 7)}`;
}

/** An element with attributes, listeners (`onclick`) and children; text is never read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that says what it does. */
export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", class: "gnb-button", onclick, ...attributes }, text);
}

/** A control, its id set already, below its label. */
export function field(control, label) {
  return h("div", { class: "gnb-field" }, h("label", { for: control.id }, label), control);
}

/** Milliseconds for which a box stays as somebody has set it, whatever was on its way by then. */
const SET_MS = 1000;

/** A box to tick; what is chosen goes to `put`, what is told to `show` is in it, then or later. */
export function tickBox(attributes, put) {
  let told = false;
  let standing = null;
  function settle() {
    standing = null;
    box.checked = told;
  }
  const box = h("input", {
    ...attributes,
    type: "checkbox",
    onchange() {
      clearTimeout(standing);
      told = box.checked;
      standing = setTimeout(settle, SET_MS);
      put(box.checked);
    },
  });
  function show(value) {
    told = value === true;
    if (standing === null) box.checked = told;
  }
  return { box, show };
}

/** Change text only where it differs, so that nothing is announced twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Seconds as people say them: "4.2 s", "1:05 min", "1:02:03 h". */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const text = clockTime(value);
  return `${text} ${text.length > 5 ? "h" : "min"}`;
}

/** Seconds of audio as a clock shows them: "0:04.2", "16:40", "1:02:03". */
export function clockTime(value, digits = 0) {
  // Rounded first: no minute has sixty seconds.
  const units = Math.round(value * 10 ** digits);
  const whole = Math.floor(units / 10 ** digits);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = digits ? `.${String(units % 10 ** digits).padStart(digits, "0")}` : "";
  const head = hours ? `${hours}:${two(minutes)}` : `${minutes}`;
  return `${head}:${two(whole % 60)}${rest}`;
}

/** Milliseconds, or a dash. */
export function milliseconds(value) {
  return value === null || value === undefined ? "–" : `${value} ms`;
}

/** A panel with its heading; the heading names the region. */
export function panel(title, name, ...children) {
  const id = unique(name);
  return h(
    "section",
    { class: `gnb-panel gnb-${name}`, "aria-labelledby": id },
    h("h3", { id }, title),
    ...children,
  );
}

/**
 * A panel that folds away below its heading. `need(open)` opens it where it is closed; `fold(open)`
 * opens or closes it as long as nobody has done so by hand.
 */
export function foldPanel(title, name, ...children) {
  const id = unique(name);
  const count = h("span", { class: "gnb-count" });
  const summary = h("summary", {}, h("h3", { id }, title), count);
  const details = h("details", {}, summary, h("div", { class: "gnb-folded" }, ...children));
  let byHand = false;
  summary.addEventListener("click", () => {
    byHand = true;
  });
  return {
    element: h(
      "section",
      { class: `gnb-panel gnb-fold gnb-${name}`, "aria-labelledby": id },
      details,
    ),
    fold(open) {
      if (!byHand) details.open = open;
    },
    need() {
      details.open = true;
    },
    count: (text) => say(count, text),
  };
}

/**
 * Tabs by the pattern of the ARIA practices: arrows move, only the selected one is a stop.
 * `show(name)` is called when a tab is selected; its panel is the caller's one element.
 */
export function tabs(label, names, body, show) {
  const id = unique("tabs");
  body.id = `${id}-body`;
  body.setAttribute("role", "tabpanel");
  let current = names[0];
  const items = names.map((name, k) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        class: "gnb-tab",
        id: `${id}-${k}`,
        "aria-controls": body.id,
        onclick: () => select(name),
      },
      name,
    ),
  );
  const list = h("div", { role: "tablist", class: "gnb-tabs", "aria-label": label }, ...items);
  list.addEventListener("keydown", (event) => {
    const at = names.indexOf(current);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let to = step === undefined ? null : (at + step + names.length) % names.length;
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = names.length - 1;
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    select(names[to]);
    items[to].focus();
  });
  function select(name) {
    current = name;
    items.forEach((item, k) => {
      const chosen = names[k] === name;
      item.setAttribute("aria-selected", String(chosen));
      item.tabIndex = chosen ? 0 : -1;
      if (chosen) body.setAttribute("aria-labelledby", item.id);
    });
    show(name);
  }
  return { list, select, current: () => current };
}

/** A table of text: `{columns, numeric, rows, total}`; the first column names its row. */
export function dataTable(data, caption, choose) {
  const head = h(
    "tr",
    {},
    choose ? h("th", { scope: "col" }, "Compare") : null,
    ...data.columns.map((name, k) =>
      h("th", { scope: "col", class: data.numeric?.[k] ? "gnb-number" : null }, name),
    ),
  );
  const rows = data.rows.map((row, number) =>
    h(
      "tr",
      {},
      choose ? h("td", {}, choose(number)) : null,
      ...row.map((value, k) =>
        value instanceof Node
          ? h("td", {}, value)
          : h("td", { class: data.numeric?.[k] ? "gnb-number" : null }, value),
      ),
    ),
  );
  return h(
    "div",
    { class: "gnb-scroll", role: "region", tabindex: "0", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...rows)),
  );
}

/** How a picture has to look at a place: its width, the pixels of one, and the theme around it. */
export function lookOf(place) {
  const root = place.closest(".gnb-lab") ?? place;
  return {
    width: Math.round(place.clientWidth || root.clientWidth || 800),
    scale: window.devicePixelRatio || 1,
    dark: getComputedStyle(root).colorScheme === "dark",
  };
}

/** Pictures that come as PNG, one at a time; the browser lets go of the last one. */
export function pictureOf() {
  let url = "";
  const close = () => url && URL.revokeObjectURL(url);
  return {
    of(data, alt) {
      close();
      url = URL.createObjectURL(new Blob([data], { type: "image/png" }));
      return h("img", { src: url, alt });
    },
    close,
  };
}
