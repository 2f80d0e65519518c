// What can go wrong with a microphone, in words.

export const SENTENCES = {
  insecure:
    "This page is not secure, so the browser gives it no microphone. Open it over HTTPS, or through " +
    "a tunnel as http://localhost.",
  host:
    "This notebook application does not let its pages use the microphone. Open the notebook in " +
    "JupyterLab, or record with gladia_nb.record_audio(seconds) where the kernel has a microphone, or " +
    "choose a sound file.",
  denied:
    "The microphone was refused. Allow it for this page in the browser's address bar, then begin " +
    "again.",
  missing: "There is no microphone. Connect one, or choose a sound file instead.",
  busy:
    "The microphone could not be opened; another program may hold it. Close that program, then " +
    "begin again.",
  worklet:
    "The server's content security policy forbids this page the audio thread it needs. Ask for " +
    "blob: in script-src and worker-src, or record with gladia_nb.record_audio(seconds).",
  suspended: "The browser holds the sound of this page back until it is used. Begin again.",
  output:
    "The browser does not start its sound, which it records by. Firefox needs an audio output for " +
    "that: connect one, or use a browser such as Chromium, or choose a sound file.",
  unplugged:
    "The microphone was disconnected. What was recorded until then is kept; connect it again and " +
    "begin anew.",
  hidden: "This page is hidden; recording goes on, and the browser may slow it down.",
  muted: "The microphone delivers nothing: it is muted by its switch or by the system.",
  elsewhere: "Another window of this notebook is recording.",
  failed: "The microphone could not be opened",
};

/** An error with a code for programs and a sentence for people. */
export class Trouble extends Error {
  constructor(code, detail = "") {
    super(detail ? `${SENTENCES[code]} (${detail})` : SENTENCES[code]);
    this.code = code;
  }
}

/** What a browser's error means. */
export function troubleOf(error) {
  if (error instanceof Trouble) return error;
  const blocked = document.featurePolicy && !document.featurePolicy.allowsFeature("microphone");
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Trouble(blocked || location.protocol === "vscode-webview:" ? "host" : "denied");
    case "NotFoundError":
    case "OverconstrainedError":
      return new Trouble("missing");
    case "NotReadableError":
    case "AbortError":
      return new Trouble("busy");
    default:
      return new Trouble("failed", error?.message ?? String(error));
  }
}
