// Which service, and the key for it. The key is sent once and kept nowhere in the page.

import { button, field, h, say, unique } from "./dom.js";
import { fieldRow } from "./field.js";

/** The key: typed here, or known already. */
function keyRow(id, send, variable) {
  const typed = h("input", {
    type: "password",
    id: `${id}-key`,
    autocomplete: "off",
    "aria-describedby": `${id}-key-help`,
    onkeydown: (event) => event.key === "Enter" && use(),
  });
  function use() {
    send({ kind: "key", value: typed.value });
    typed.value = "";
    typed.focus();
  }
  const entry = h(
    "div",
    { class: "gnb-field" },
    h("label", { for: typed.id }, "API key"),
    h("div", { class: "gnb-pair" }, typed, button("Use this key", use)),
    h(
      "p",
      { class: "gnb-help", id: `${id}-key-help` },
      "Goes to the kernel’s memory only: not into the notebook, a run or a report.",
    ),
  );
  const state = h("p", { class: "gnb-facts", role: "status" });
  const forget = button("Forget the key", () => send({ kind: "forget" }));
  const words = {
    none: "No key is set.",
    typed: "A key is set, typed here.",
    environment: `A key is set, from ${variable}.`,
  };
  return {
    element: h("div", { class: "gnb-key" }, state, forget, entry),
    update(key) {
      say(state, words[key]);
      forget.hidden = key !== "typed";
      entry.hidden = key === "typed";
    },
  };
}

/** Which service, as a choice. */
export function placeChoice({ send, rules }) {
  const { places } = rules;
  const place = h("select", {
    id: unique("place"),
    onchange() {
      const [target, region] = places[Number(place.value)];
      send({ kind: "set", name: "target", value: target });
      send({ kind: "set", name: "region", value: region });
    },
  });
  place.append(...places.map(([, , text], k) => h("option", { value: String(k) }, text)));
  function update(setup) {
    const { target } = setup.values;
    const region = setup.values.region || "";
    const at = places.findIndex(([t, r]) => t === target && (t !== "gladia" || r === region));
    place.value = String(at);
  }
  return { element: field(place, "Service"), update };
}

/** What a service needs beside its name: URL and key; `fields` are those of the form. */
export function placeDetails(fields, { send, rules }) {
  const url = fieldRow(
    fields.find((one) => one.name === "url"),
    send,
  );
  const key = keyRow(unique("place"), send, rules.key_variable);
  const element = h("div", { class: "gnb-place" }, url.element, key.element);
  function update(setup) {
    const { target } = setup.values;
    element.hidden = target === "embedded";
    url.element.hidden = target !== "url";
    url.update(setup);
    key.update(setup.key);
  }
  return { element, update };
}
