// The sound as a picture, with a playhead.

/** Colours of the theme, or those of a system that decides on them itself. */
function inksOf(style) {
  if (matchMedia("(forced-colors: active)").matches) {
    return { heard: "Highlight", ahead: "GrayText", ink: "CanvasText" };
  }
  const named = (name) => style.getPropertyValue(`--gnb-${name}`);
  return { heard: named("accent"), ahead: named("wave"), ink: named("ink") };
}

/** Draws peaks into a canvas that fills its parent; `set(peaks)` and `at(fraction)`. */
export function waveform(canvas) {
  let peaks = [];
  let fraction = 0;
  let asked = false;

  function draw() {
    asked = false;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width || !height) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const paint = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const { heard, ahead, ink } = inksOf(style);
    paint.scale(scale, scale);
    const middle = height / 2;
    paint.fillStyle = ahead;
    paint.fillRect(0, middle - 0.5, width, 1);
    if (!peaks.length) {
      paint.fillStyle = heard;
      paint.fillRect(0, middle - 2, fraction * width, 4);
    }
    const bars = Math.max(1, Math.floor(width / 3));
    const loudest = Math.max(0.05, ...peaks.map(([low, high]) => Math.max(-low, high)));
    for (let bar = 0; bar < bars && peaks.length; bar += 1) {
      const from = Math.floor((bar * peaks.length) / bars);
      const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
      let size = 0;
      for (let k = from; k < to; k += 1) size = Math.max(size, -peaks[k][0], peaks[k][1]);
      const half = Math.max(0.5, (size / loudest) * (middle - 3));
      paint.fillStyle = (bar + 0.5) / bars <= fraction ? heard : ahead;
      paint.fillRect(bar * 3, middle - half, 2, 2 * half);
    }
    if (fraction > 0 && fraction < 1) {
      paint.fillStyle = ink;
      paint.fillRect(Math.round(fraction * width) - 1, 0, 2, height);
    }
  }

  function ask() {
    if (!asked) {
      asked = true;
      requestAnimationFrame(draw);
    }
  }

  const watch = new ResizeObserver(ask);
  watch.observe(canvas);
  return {
    set(values) {
      peaks = values || [];
      ask();
    },
    at(value) {
      const wanted = Math.min(1, Math.max(0, value || 0));
      if (Math.abs(wanted - fraction) > 0.0005 || wanted === 0) {
        fraction = wanted;
        ask();
      }
    },
    redraw: ask,
    close: () => watch.disconnect(),
  };
}
