// In a report: every run that the page has, from the data beside it.

import { mountHearing } from "./hearing.js";

function begin(root) {
  const { data, rate } = JSON.parse(root.querySelector('[type="application/json"]').textContent);
  const sounds = document.getElementById(root.dataset.sound)?.children ?? [];
  const pieces = [...sounds].map((script) => ({
    from: Number(script.dataset.from),
    until: Number(script.dataset.until),
    data: () => script.textContent,
  }));
  mountHearing(root, data, pieces, rate);
}

for (const root of document.querySelectorAll(".gnb-hear-root")) {
  const folded = root.closest("details");
  // What is folded is made when it is opened.
  if (folded === null || folded.open) begin(root);
  else folded.addEventListener("toggle", () => begin(root), { once: true });
}
