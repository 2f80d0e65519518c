"""Strings are replaced where they stand, and nothing else moves."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record.json_strings import replaced

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def walked(value, path=()):
    """What a reader of the value would see, in order: keys, strings and numbers with their path."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield "key", path, name
            yield from walked(item, (*path, name) if name else path)
    elif isinstance(value, list):
        for item in value:
            yield from walked(item, path)
    elif isinstance(value, str):
        yield "value", path, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield "number", path, json.dumps(value)


@given(VALUES, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_every_string_key_and_number_is_met_once_and_kept_text_is_verbatim(
    value, plain, separators
):
    text = json.dumps(value, ensure_ascii=plain, separators=separators)
    seen = []

    def note(kind):
        return lambda path, token: seen.append((kind, path, token)) or token

    same = replaced(text, value=note("value"), key=note("key"), number=note("number"))
    assert same == text
    assert seen == list(walked(value))


def upper(value):
    if isinstance(value, dict):
        return {f"{name}!": upper(item) for name, item in value.items()}
    if isinstance(value, list):
        return [upper(item) for item in value]
    return value.upper() if isinstance(value, str) else value


@given(VALUES)
def test_what_is_replaced_is_what_a_reader_would_replace(value):
    text = replaced(json.dumps(value), value=lambda _, s: s.upper(), key=lambda _, name: f"{name}!")
    assert json.loads(text) == upper(value)


def test_numbers_spaces_and_escapes_stay_as_they_were_written():
    text = '{ "a" : [1.50, -2E+3,"\\u00e9"],\n"b":"x" }'
    assert replaced(text, value=lambda path, s: "y" if path == ("b",) else s) == (
        '{ "a" : [1.50, -2E+3,"\\u00e9"],\n"b":"y" }'
    )
    assert replaced(text, value=lambda _, s: s, number=lambda path, _: f"{len(path)}") == (
        '{ "a" : [1, 1,"\\u00e9"],\n"b":"x" }'
    )
