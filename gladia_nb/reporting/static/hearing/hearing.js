// A run to be heard: its transcript, what is known of each word, its sound, and its pictures.

import { el, idOf, placeText } from "./dom.js";
import { picturesOf } from "./pictures.js";
import { Player } from "./sound.js";
import { inTurns } from "./turns.js";
import { COLOURINGS, factsOf, legendOf, Transcript } from "./words.js";

/** Seconds before and behind a word that are played with it. */
const AROUND_S = 1;
const SPEEDS = [1, 0.75, 0.5];

/** Whether from a place on the whole is played: at the beginning, and at the end. */
const isWhole = (place, duration) => place < 0.05 || place >= duration - 0.2;

const wordsFor = (place, duration) =>
  isWhole(place, duration) ? "Play all" : `Play from ${placeText(place)}`;

/** The row with which the whole is played. */
function transport(player, toggle, seek) {
  const play = el(
    "button",
    { type: "button", class: "gnb-hear-play", onclick: toggle },
    "Play all",
  );
  const slider = el("input", {
    type: "range",
    min: "0",
    max: String(player.duration),
    step: "0.1",
    "aria-label": "Place in the audio",
    oninput: () => seek(Number(slider.value)),
  });
  slider.value = "0";
  const clock = el("output", { class: "gnb-hear-clock" }, placeText(0));
  const speed = el(
    "select",
    {
      "aria-label": "Speed",
      onchange: () => Object.assign(player, { speed: Number(speed.value) }),
    },
    ...SPEEDS.map((value) => el("option", { value: String(value) }, `${value}×`)),
  );
  return {
    element: el("div", { class: "gnb-hear-transport" }, play, slider, clock, speed),
    show(second, playing) {
      if (second !== null) slider.value = String(second);
      const text = playing ? "Stop" : wordsFor(Number(slider.value), player.duration);
      if (play.textContent !== text) play.textContent = text;
      if (second === null) return;
      slider.setAttribute("aria-valuetext", placeText(second));
      clock.textContent = `${placeText(second)} of ${placeText(player.duration)}`;
    },
    get place() {
      return Number(slider.value);
    },
  };
}

function colourings(data, colour) {
  const name = idOf("colour");
  const choices = data.referenced ? COLOURINGS : COLOURINGS.slice(0, 2);
  return el(
    "fieldset",
    { class: "gnb-hear-choice" },
    el("legend", {}, "Colour words by"),
    ...choices.map(([key, text], k) => {
      const input = el("input", { type: "radio", name, value: key, onchange: () => colour(key) });
      input.checked = k === 0;
      return el("label", {}, input, text);
    }),
  );
}

/** What is known of one word, and buttons to hear it, where it can be heard. */
function detailsOf(data, play) {
  const body = el("div", { "aria-live": "polite", "aria-atomic": "true" });
  const element = el(
    "section",
    { class: "gnb-hear-details", "aria-label": "The chosen word" },
    body,
  );
  return {
    element,
    show(word, announced) {
      body.setAttribute("aria-live", announced ? "polite" : "off");
      const facts = factsOf(data, word).flatMap(([term, text]) => [
        el("dt", {}, term),
        el("dd", { dir: "auto" }, text),
      ]);
      body.replaceChildren(
        el("p", { class: "gnb-hear-title", dir: "auto" }, data.words.text[word]),
        el("dl", {}, ...facts),
      );
      if (play === null) return;
      if (element.children.length > 1) element.lastChild.remove();
      element.append(
        el(
          "p",
          { class: "gnb-hear-buttons" },
          el("button", { type: "button", onclick: () => play(word, AROUND_S) }, "Play it"),
          el("button", { type: "button", onclick: () => play(word, null) }, "Play from here"),
        ),
      );
    },
  };
}

const SILENT =
  "There is no sound in this page: it plays in silence. Whoever kept the sound with the run can make " +
  "a page that has it.";
const WITH_SOUND = "Choose a word to hear it, with a second around it.";
const MUTE = "This browser has no audio output: it plays in silence.";
const FETCHING = "Fetching the sound …";
/** Milliseconds after which it is said that the sound has not come yet. */
const SLOW_MS = 300;

/** Transcript, sound and pictures of one run, which follow each other. */
class Hearing {
  constructor(root, data, player, silent) {
    const plays = !silent;
    Object.assign(this, { root, data, player, plays, frame: 0, chosen: -1 });
    player.failed = (error) => this.fail(error);
    const choose = (word, wanted) => this.choose(word, wanted);
    this.bar = transport(
      player,
      () => this.toggle(),
      (second) => this.seek(second),
    );
    const play = (word, around) => this.playWord(word, around);
    this.details = detailsOf(data, plays ? play : null);
    this.transcript = new Transcript(data, choose, (word) => this.hover(word));
    this.pictures = picturesOf(data, choose, plays);
    this.legend = el("div", {});
    this.said = silent || (player.hasSound ? WITH_SOUND : SILENT);
    this.note = el("p", { class: "gnb-hear-note", role: "status" }, this.said);
    this.fill();
  }

  fill() {
    const { root, transcript, details, pictures } = this;
    const colour = (by) => {
      transcript.colour(by);
      this.legend.replaceChildren(legendOf(by));
    };
    root.classList.add("gnb-hear");
    root.replaceChildren(
      this.note,
      ...(this.plays ? [this.bar.element] : []),
      el("div", { class: "gnb-hear-top" }, colourings(this.data, colour), this.legend),
      el("div", { class: "gnb-hear-body" }, transcript.element, details.element),
      pictures.element,
    );
    colour(COLOURINGS[0][0]);
    if (transcript.current >= 0) details.show(transcript.current, false);
    this.leaveOff = inTurns(this.rest());
  }

  /** What a long run would hold up the page with. */
  *rest() {
    yield* this.pictures.rest();
    yield* this.transcript.rest();
  }

  /** Show where the sound is, until it is over. */
  follow() {
    const { player } = this;
    const second = player.position();
    const over = second === null || player.over;
    this.bar.show(second, !over);
    this.transcript.follow(over ? null : second);
    this.pictures.follow(over ? null : second);
    if (over) player.stop();
    else this.frame = requestAnimationFrame(() => this.follow());
  }

  async play(from, to) {
    cancelAnimationFrame(this.frame);
    const slow = setTimeout(() => this.say(FETCHING), SLOW_MS);
    try {
      // Something else may have been wished for meanwhile: that is shown then.
      if (!(await this.player.play(from, to))) return;
      this.say(this.player.isMute ? MUTE : this.said);
    } catch (error) {
      this.fail(error);
    } finally {
      clearTimeout(slow);
    }
    cancelAnimationFrame(this.frame);
    this.follow();
  }

  say(text) {
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  fail(error) {
    this.player.stop();
    this.say(`The sound cannot be played here (${error.message}).`);
  }

  toggle() {
    const { player, bar } = this;
    if (player.span === null) {
      this.play(isWhole(bar.place, player.duration) ? 0 : bar.place, player.duration);
      return;
    }
    cancelAnimationFrame(this.frame);
    player.stop();
    this.follow();
  }

  seek(second) {
    if (this.player.span !== null) this.play(second, this.player.duration);
    else this.bar.show(second, false);
  }

  /** Play a word with what is around it; without `around` all that comes behind it. */
  playWord(word, around) {
    const { start, end } = this.data.words;
    if (!this.plays || start[word] === null) return;
    const until = around === null ? this.player.duration : end[word] + around;
    this.play(start[word] - AROUND_S, until);
  }

  choose(word, wanted) {
    const { transcript } = this;
    if (word === undefined) return;
    if (word !== this.chosen) {
      this.chosen = word;
      transcript.choose(word);
      this.pictures.choose(word);
    }
    this.details.show(word, true);
    if (!transcript.element.contains(document.activeElement)) transcript.reveal(word);
    if (wanted) this.playWord(word, AROUND_S);
  }

  hover(word) {
    if (word !== null) this.details.show(word, false);
    else if (this.chosen >= 0) this.details.show(this.chosen, false);
  }

  close() {
    this.leaveOff();
    cancelAnimationFrame(this.frame);
    this.transcript.close();
    this.player.close();
    this.pictures.close();
    this.root.replaceChildren();
  }
}

/**
 * Fill an element with a run; returns how to take it away again. `silent` says why there is nothing
 * to play; without it a run without pieces is played in silence.
 */
export function mountHearing(root, data, pieces, rate, silent = "") {
  const hearing = new Hearing(root, data, new Player(pieces, rate, data.duration), silent);
  return () => hearing.close();
}
