// Threads of a page, begun from text: a notebook loads a widget's code from memory, and has no address
// at which a thread would find its own.

import { Trouble } from "./trouble.js";

/** Milliseconds after which what should have begun has not. */
export const READY_MS = 4000;

/** The promise's value, or another one when that takes too long. */
export const within = (promise, ms, value) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, value))]);

/** Do something with an address for as long as that takes at which a text is found. */
export async function addressed(text, use) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await use(url);
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble("worklet", error.message);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A worker that runs a text, from when it has said that it does. */
export function startWorker(text) {
  return addressed(text, async (url) => {
    const worker = new Worker(url);
    const ready = new Promise((resolve) => {
      worker.onmessage = () => resolve(true);
      worker.onerror = () => resolve(false);
    });
    if (await within(ready, READY_MS, false)) return worker;
    worker.terminate();
    throw new Trouble("worklet");
  });
}
