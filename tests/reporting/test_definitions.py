"""The definitions of a page are the glossary."""

from html.parser import HTMLParser

from gladia_nb.metrics import DEFINITIONS, glossary
from gladia_nb.reporting.definitions import definition_list


class Terms(HTMLParser):
    """Terms and what they mean."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in ("dt", "dd"):
            self.found.append("")

    def handle_data(self, data):
        self.found[-1] += data


def test_every_definition_stands_in_the_page_with_its_example():
    page = Terms()
    page.feed(definition_list())
    terms = dict(zip(page.found[::2], page.found[1::2], strict=True))
    assert len(terms) == len(DEFINITIONS)
    for row, (term, told) in zip(glossary().to_dict("records"), terms.items(), strict=True):
        assert term.startswith(row["name"].replace("->", "\u2192"))
        assert row["meaning"] in told
        assert f"Example: {row['example']}." in told
        for name in ("field_names", "difference"):
            assert not isinstance(row[name], str) or row[name] in told


def test_it_fetches_nothing():
    assert "http" not in definition_list()
