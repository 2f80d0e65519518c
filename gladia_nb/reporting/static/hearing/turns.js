// Long work in small pieces, between which the page has its turn.

/** Milliseconds of work at a time, also in one frame. */
const TURN_MS = 12;
/** It goes on at the latest after so many milliseconds, also where the page is never idle. */
const WAIT_MS = 200;

/** Call when the page has nothing to do; returns how not to. */
function whenIdle(act) {
  // Safari does not tell when that is.
  if (!globalThis.requestIdleCallback) {
    const timer = setTimeout(act, 1);
    return () => clearTimeout(timer);
  }
  const ticket = requestIdleCallback(act, { timeout: WAIT_MS });
  return () => cancelIdleCallback(ticket);
}

/**
 * Go through the steps of a generator whenever the page is idle; what is left when the page is
 * printed is done before. Returns how to leave off.
 */
export function inTurns(steps) {
  let cancel = whenIdle(turn);
  function turn() {
    const until = performance.now() + TURN_MS;
    do if (steps.next().done) return leave();
    while (performance.now() < until);
    cancel = whenIdle(turn);
  }
  function finish() {
    leave();
    while (!steps.next().done);
  }
  function leave() {
    cancel();
    removeEventListener("beforeprint", finish);
  }
  addEventListener("beforeprint", finish);
  return leave;
}

const drawing = new Set();
let frame = 0;

function drawSome() {
  frame = 0;
  const until = performance.now() + TURN_MS;
  for (const draw of drawing) {
    drawing.delete(draw);
    draw();
    if (performance.now() >= until) break;
  }
  if (drawing.size) frame = requestAnimationFrame(drawSome);
}

/** Draw before the next frame, once; what has no time in it any more, before the one after it. */
export function beforeFrame(draw) {
  drawing.add(draw);
  if (!frame) frame = requestAnimationFrame(drawSome);
}

/** Draw it no more. */
export function notAnyMore(draw) {
  drawing.delete(draw);
}
