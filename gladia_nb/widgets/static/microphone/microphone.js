// A microphone for notebooks: one `Capture` a model, and a `View` for each place where it is shown.

import { Capture } from "./capture.js";
import { View } from "./view.js";

export default () => {
  let capture = null;
  return {
    initialize({ model }) {
      capture = new Capture(model);
      return () => capture.destroy();
    },
    render({ model, el }) {
      const view = new View(capture, model, el);
      return () => view.close();
    },
  };
};
