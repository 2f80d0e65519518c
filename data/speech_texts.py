"""What the three recordings of this folder say.

A sentence is spoken by one voice in one piece. `<0.4>` after a word is a pause of 0.4 s inside the
sentence (flite is given a comma there, and the pause it makes is then set to exactly this length).
No other punctuation than the final mark may be used.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RECORDINGS", "Recording", "Sentence"]


@dataclass(frozen=True)
class Sentence:
    """One sentence of a script.

    Attributes:
        voice: Name of the flite voice, also the name of the speaker.
        gap_s: Seconds from the end of the sentence before it (whoever spoke) to its start;
            negative where it starts before the other speaker has finished.
        text: The words, with `<seconds>` for each pause and a final `.` or `?`.
    """

    voice: str
    gap_s: float
    text: str


@dataclass(frozen=True)
class Recording:
    """A recording to make.

    Attributes:
        name: File name without its ending.
        sample_rate: Samples per second of the file.
        channels: The channel on which each voice is heard.
        lead_s: Silence before the first word and after the last one, in seconds.
        sentences: What is said, in order.
    """

    name: str
    sample_rate: int
    channels: dict[str, int]
    lead_s: float
    sentences: tuple[Sentence, ...]


CONVERSATION = Recording(
    name="conversation",
    sample_rate=16000,
    channels={"slt": 0, "rms": 0},
    lead_s=0.5,
    sentences=(
        Sentence("slt", 0.0, "Hello <0.25> it is very nice to see you again."),
        Sentence("slt", 0.3, "How are you doing today?"),
        Sentence("rms", 0.6, "I am very well <0.2> but I didn't get much sleep last night."),
        Sentence("slt", 0.4, "What happened?"),
        Sentence("rms", 1.0, "There was a big storm <0.5> and the power went out in our house."),
        Sentence("slt", 0.5, "The same thing happened to us <0.4> about two weeks ago."),
        Sentence(
            "rms",
            0.8,
            "It was very dark <0.9> so we had to stay in the kitchen <0.35> "
            "and talk to each other.",
        ),
        Sentence("slt", 0.1, "That doesn't sound so bad."),
        Sentence("rms", 0.7, "In the end <0.3> it was a very good evening."),
        Sentence("slt", 2.0, "Do you want to come over for dinner <0.6> on Saturday night?"),
        Sentence("rms", 0.9, "I would love to <1.2> but I have to ask my wife first."),
        Sentence("slt", 0.15, "That is all right."),
        Sentence("slt", 0.3, "Tell her that the children <0.7> would be very happy to see her."),
        Sentence("rms", 0.5, "All right <0.15> I will give you a call tomorrow morning."),
    ),
)

CALL = Recording(
    name="call",
    sample_rate=8000,
    channels={"slt": 0, "rms": 1},
    lead_s=0.4,
    sentences=(
        Sentence("slt", 0.0, "Good morning <0.3> what can I do for you today?"),
        Sentence("rms", 0.5, "Hello <0.3> I have a problem with my new phone."),
        Sentence("slt", 0.4, "What is wrong with it?"),
        Sentence("rms", 0.7, "I can hear other people <0.25> but they can't hear me at all."),
        Sentence("slt", 0.4, "When did this happen?"),
        Sentence("rms", 0.6, "About three days ago <0.5> right after it fell on the floor."),
        Sentence("slt", -0.8, "That is not very good."),
        Sentence("slt", 0.6, "We can send you a new one <0.4> or you can bring it to the store."),
        Sentence("rms", 1.1, "I think I will bring it in this afternoon."),
        Sentence("slt", 0.3, "That would be great <0.2> is there anything else I can do for you?"),
        Sentence("rms", 0.5, "That is all I need <0.3> thank you for your help."),
    ),
)

MONOLOGUE = Recording(
    name="monologue",
    sample_rate=44100,
    channels={"rms": 0},
    lead_s=0.15,
    sentences=(
        Sentence("rms", 0.0, "When I was a child we lived in a small house near the river."),
        Sentence("rms", 0.1, "My father worked for the city and my mother was a teacher."),
        Sentence("rms", 0.1, "Every summer they would take us to the beach for a week."),
        Sentence("rms", 0.1, "We would get up very early and drive for most of the day."),
        Sentence("rms", 0.1, "I can still remember the first time that I saw the ocean."),
        Sentence("rms", 0.1, "It was the biggest thing that I had ever seen in my life."),
        Sentence("rms", 0.1, "My brother ran right into the water with all of his clothes on."),
        Sentence("rms", 0.1, "Now I have children of my own and they want to go there every year."),
    ),
)

RECORDINGS = (CONVERSATION, CALL, MONOLOGUE)
