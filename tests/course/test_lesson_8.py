from gladia_nb.metrics import latency

from .judged import passes, says


def test_words_that_were_understood(first):
    world, run = first
    assert passes("8a", run.words["is_final"].sum(), world, run)
    assert "all partials" in says("8a", len(run.words), world, run)
    assert "utterances" in says("8a", len(run.utterances), world, run)


def test_where_the_key_is(first):
    assert passes("8b", "kernel", first[0])
    assert "only the URL" in says("8b", "page", first[0])
    assert "who makes the POST" in says("8b", "both", first[0])


def test_the_latency_of_my_own_words(first):
    world, run = first
    rows = latency(run, anchor="service").query("name == 'word_end -> first_seen @capture'")
    assert passes("8c", rows["latency_ms"].median(), world, run)
    assert "the mean" in says("8c", rows["latency_ms"].mean(), world, run)
