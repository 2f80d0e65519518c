// A run word by word: what is clicked is heard. What shows it is the same as in a report.

import { h, say } from "./dom.js";

const NOT_SENT = "the kernel did not send it; the reason is above";

/** Data that are fetched once; the browser keeps them where it has room, until they are forgotten. */
function fetchedOnce(fetch) {
  let kept = null;
  return async () => {
    kept ??= fetch().then((data) => new Blob([data]));
    try {
      return await (await kept).arrayBuffer();
    } catch (error) {
      kept = null;
      throw error;
    }
  };
}

/** The view; `close` gives back what it took of the page. */
export function listenView() {
  let close = () => {};

  function leave() {
    close();
    close = () => {};
  }

  async function show({ content, buffers }, ask, place) {
    const { path, rate, pieces, silent } = content;
    const data = JSON.parse(new TextDecoder().decode(buffers[0]));
    if (!data.words.text.length) {
      const words = "No transcript came, so there is no word to be seen or heard.";
      place.replaceChildren(h("p", { class: "gnb-empty" }, words));
      return;
    }
    const sound = pieces.map(([from, until], number) => ({
      from,
      until,
      data: fetchedOnce(async () => {
        const answer = await ask({ kind: "piece", path, number });
        if (!answer?.buffers?.length) throw new Error(NOT_SENT);
        return answer.buffers[0];
      }),
    }));
    // Hours of words are read in a while; the page has its turn before they are shown.
    await new Promise((resolve) => setTimeout(resolve));
    // Nobody may want to see them any more.
    if (!place.isConnected) return;
    const root = h("div", {});
    place.replaceChildren(root);
    const why = silent && `${silent} Choose a word to see when it came; it cannot be played.`;
    close = mountHearing(root, data, sound, rate, why);
  }

  function view(ask) {
    const place = h("div", { class: "gnb-listening" }, "Reading the words …");
    ask({ kind: "listening" }).then((answer) => {
      if (answer === null) say(place, "They could not be read; the reason is above.");
      else if (answer) show(answer, ask, place);
    });
    return [place];
  }
  return { view, close: leave };
}
