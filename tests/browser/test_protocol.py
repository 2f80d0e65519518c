"""The protocol's core in the page does what the one in Python does, step for step."""

import json

from gladia_nb.widgets.assets import MICROPHONE, joined
from gladia_nb.widgets.rules import protocol_rules
from tests.support.protocol_vectors import PATH

#: Plays histories as `tests.support.protocol_vectors.play` does.
PLAY = """
const byteAt = (k) => (7 * k + 3) % 251;
const sound = (start, size) => Uint8Array.from({ length: size }, (_, k) => byteAt(start + k));
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function plain(frame) {
  if (frame.kind !== "audio") return [frame.kind, frame.wire];
  return ["audio", hex(frame.wire), frame.seq, frame.start, frame.end, frame.resend];
}

const steps = {
  opened: (protocol) => protocol.opened(),
  finish: (protocol) => protocol.finish(),
  unanswered: (protocol) => protocol.probeUnanswered(),
  closed: (protocol, { code }) => ({ outcome: protocol.closed(code) }),
  feed(protocol, { seq, size }) {
    try {
      protocol.feed(seq, sound(protocol.buffer.fed, size));
    } catch (error) {
      return { refused: error.message };
    }
  },
  send(protocol) {
    const frames = [];
    for (let frame = protocol.nextFrame(); frame !== null; frame = protocol.nextFrame()) {
      frames.push(plain(frame));
    }
    return { frames };
  },
  receive: (protocol, { text, bytes }) => ({
    progress: protocol.receive(text ?? Uint8Array.from(bytes).buffer),
  }),
};

return vectors.sessions.map(({ acknowledged, steps: history }) => {
  const protocol = new SessionProtocol(rules, { acknowledged });
  protocol.initiated();
  return history.map((step) => {
    const what = steps[step.do](protocol, step) ?? {};
    const { fed, sent, acknowledged: known } = protocol.buffer;
    return {
      ...what,
      state: protocol.state,
      positions: [fed, sent, known],
      stop_sent: protocol.stopSent,
      problems: [...protocol.problems].sort(),
    };
  });
});
"""


def in_page(page, code):
    """Run code behind the page's core, with the vectors and the rules at hand."""
    core = joined(MICROPHONE.paths(["protocol.js"]))
    given = [json.loads(PATH.read_text()), protocol_rules()]
    return page.evaluate(f"([vectors, rules]) => {{ {core}\n{code} }}", given)


def test_every_history_goes_as_it_does_in_python(page):
    vectors = json.loads(PATH.read_text())
    played = in_page(page, PLAY)
    assert len(played) == len(vectors["sessions"]) > 60
    for vector, found in zip(vectors["sessions"], played, strict=True):
        for number, (step, want, have) in enumerate(
            zip(vector["steps"], vector["expect"], found, strict=True)
        ):
            assert have == want, f"{vector['name']}, step {number}: {step}"


def test_every_close_code_means_the_same(page):
    code = "return vectors.closes.map(([code]) => [code, classifyClose(rules, code)]);"
    assert in_page(page, code) == json.loads(PATH.read_text())["closes"]
