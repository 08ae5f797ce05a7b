import io
import json
import zipfile
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.disclosure import Section, write_archive

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
values = st.one_of(
    st.none(),
    st.booleans(),
    texts,
    st.integers(-(10**6), 10**6),
    st.lists(texts, max_size=2),
    st.dictionaries(texts, texts, max_size=2),
)


class TableReader(HTMLParser):
    """Counts rows and remembers tags that nobody meant to write."""

    def __init__(self):
        super().__init__()
        self.rows = 0
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.rows += tag == "tr"


@tagged("post_install", "-at_install")
class TestDisclosure(BaseCase):
    def write_rows(self, rows):
        file = io.BytesIO()
        section = Section("events", "Events & more", [("what", "What <b>")], iter(rows))
        counts = write_archive(file, "Ana <i>", ["Note"], [section], "en", "Nothing.")
        archive = zipfile.ZipFile(file)
        return (
            counts,
            json.loads(archive.read("data.json")),
            archive.read("data.html").decode(),
        )

    @given(st.lists(st.fixed_dictionaries({"what": values}), max_size=5))
    def test_both_files_have_every_row_and_no_code_of_the_data(self, rows):
        counts, data, page = self.write_rows(rows)
        self.assertEqual(counts, {"events": len(rows)})
        self.assertEqual(data, {"events": rows})
        reader = TableReader()
        reader.feed(page)
        self.assertEqual(reader.rows, len(rows) + bool(rows))
        self.assertFalse(reader.tags & {"i", "b", "script"})

    def test_nothing_is_said_to_be_nothing(self):
        _counts, data, page = self.write_rows([])
        self.assertEqual(data, {"events": []})
        self.assertIn("<p>Nothing.</p>", page)

    def test_markup_in_a_name_stays_text(self):
        _counts, _data, page = self.write_rows([{"what": "<script>alert(1)</script>"}])
        self.assertNotIn("<script>", page)
        self.assertIn("&lt;script&gt;", page)
