"""Make the picture of the README: a session of the conversation with the embedded server.

    python docs/overview.py

It takes a minute, in real time. On a machine that is busy the verdict in its title is not `valid`;
make it again then.
"""

import tempfile
from pathlib import Path

from matplotlib.figure import Figure

import gladia_nb as gn

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the session and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conversation.run"
        run = gn.transcribe(gn.sample("conversation"), endpointing=0.3, path=path)
    figure = gn.plot_overview(run, Figure(figsize=(12, 10), layout="constrained"))
    figure.savefig(HERE / "overview.png", dpi=130)
    print(run.verdict)


if __name__ == "__main__":
    main()
