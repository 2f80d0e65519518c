import pytest

from gladia_nb.course.answers import Answer


@pytest.mark.parametrize("kind", ["right", "wrong", "open", "note"])
def test_only_what_is_right_is_true(kind):
    answer = Answer(kind, "Task 1a", "Words.")
    assert bool(answer) is (kind == "right")
    assert "Task 1a" in repr(answer)
    assert repr(answer).endswith("Words.")


def test_what_is_emphasised():
    page = Answer("wrong", "Task", "The *final*, not 2 * 3 * 4.")._repr_html_()
    assert "<em>final</em>, not 2 * 3 * 4." in page


def test_what_a_student_typed_is_text_and_no_markup():
    page = Answer("note", "<b>me</b>", "<script>alert(1)</script>\nsecond line")._repr_html_()
    assert "<script>" not in page
    assert "&lt;b&gt;me" in page
    assert page.count("second line") == 1
