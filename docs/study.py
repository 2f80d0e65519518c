"""Make the picture of a study in the README: three endpointings with the embedded server.

    python docs/study.py

It takes some three minutes, in real time. On a machine that is busy sessions are repeated, and the
intervals are broad; make it again then.
"""

import tempfile
from pathlib import Path

from matplotlib.figure import Figure

import gladia_nb as gn

HERE = Path(__file__).resolve().parent
WAIT = "speech_end -> final @send (endpoint)"
ENDPOINTINGS = (0.15, 0.3, 0.5)


def main() -> None:
    """Run the study and draw what it found."""
    recordings = gn.corpus(gn.sample("conversation"), max_s=12)
    arms = gn.grid(endpointing=ENDPOINTINGS)
    figure = Figure(figsize=(12, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    with tempfile.TemporaryDirectory() as folder:
        study = gn.Study(
            folder, recordings, arms, baseline="endpointing=0.3", null=True, plan=2, tail_s=1.5
        ).run()
        effects = study.compare()
        # The recording in which silence has cut most often.
        chosen = max(study.runs("endpointing=0.15"), key=lambda run: len(run.utterances))
        measured = [run for arm in arms for run in study.runs(arm) if run.name == chosen.name]
        gn.plot_effects(effects, left, measure=WAIT)
        gn.plot_endpointing(measured, right)
        # Room for the numbers beside the marks.
        right.set_ylim(-5, 90)
        right.set_xlim(0, 1.08 * right.get_xlim()[1])
        right.xaxis.label.set_fontsize("small")
        print(study)
    figure.savefig(HERE / "study.png", dpi=110)
    print(effects[effects["measure"] == WAIT].T.to_string())


if __name__ == "__main__":
    main()
