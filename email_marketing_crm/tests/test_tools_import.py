import csv
import io
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from odoo.tests import BaseCase, tagged

from ..tools.import_columns import SYNONYMS, header_key, propose_targets
from ..tools.import_file import SEPARATORS, ImportFileError, read_table
from ..tools.import_values import (
    join_name,
    parse_boolean,
    parse_date,
    parse_number,
    split_list,
)
from ..tools.name_key import name_key, website_key, website_spellings

cells = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), max_size=12
)


@tagged("post_install", "-at_install")
class TestImportTools(BaseCase):
    @given(
        st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8),
        st.sampled_from(SEPARATORS),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    )
    def test_what_is_written_is_read(self, rows, separator, encoding):
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=separator).writerows([["A", "B", "C"], *rows])
        table = read_table(buffer.getvalue().encode(encoding), encoding, separator)
        self.assertEqual(table.header, ["A", "B", "C"])
        expected = [(i, row) for i, row in enumerate(rows, 2) if any(row)]
        self.assertEqual(list(table.rows), expected)

    def test_encoding_and_separator_are_found(self):
        for text, encoding, separator in (
            ("Name,City\nAna,Bonn\n", "utf-8", ","),
            ("Name;City\nJosé;München\n", "utf-8", ";"),
            ("Name;City\nJosé;München\nBjörn;Århus\n", "cp1252", ";"),
            ("姓名,城市\n张伟,北京\n李娜,上海\n", "gb18030", ","),
            ("姓名\t城市\n張偉\t臺北\n", "utf-16", "\t"),
            ("姓名,城市\n张伟,北京\n", "utf-8-sig", ","),
            ("a|b|c\n1|2,5|3\n", "utf-8", "|"),
            ('Name,Note\nAna,"a; b; c"\nBo,"d; e"\n', "utf-8", ","),
        ):
            with self.subTest(text=text, encoding=encoding):
                table = read_table(text.encode(encoding))
                self.assertEqual(
                    (table.encoding, table.separator), (encoding, separator)
                )
                self.assertEqual(table.header, text.split("\n")[0].split(separator))

    def test_workbooks(self):
        workbook = Workbook()
        sheet = workbook.active
        sheet.append([None, None])
        sheet.append(["Name", None, "Date"])
        sheet.append(["Ana", 12.0, datetime(2026, 3, 4)])
        sheet.append([None, None, None])
        sheet.append([" Bo ", 1.5, True])
        buffer = io.BytesIO()
        workbook.save(buffer)
        table = read_table(buffer.getvalue())
        self.assertEqual(table.header, ["Name", "B", "Date"])
        self.assertEqual(
            list(table.rows),
            [(3, ["Ana", "12", "2026-03-04"]), (5, ["Bo", "1.5", "true"])],
        )

    def test_files_nobody_can_read(self):
        for content, code in (
            (b"", "empty"),
            (b"\n\n", "empty"),
            (b"PK\x03\x04nothing", "workbook"),
            (b"\xd0\xcf\x11\xe0", "old_excel"),
        ):
            with (
                self.subTest(content=content),
                self.assertRaises(ImportFileError) as caught,
            ):
                read_table(content)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(ImportFileError) as caught:
            read_table("a,b\né,c\n".encode("cp1252"), "utf-8")
        self.assertEqual(
            (caught.exception.code, caught.exception.line), ("encoding", 2)
        )

    def test_dates(self):
        for text, order, expected in (
            ("2026-03-04", "dmy", date(2026, 3, 4)),
            ("2026年3月4日", "dmy", date(2026, 3, 4)),
            ("04.03.2026", "dmy", date(2026, 3, 4)),
            ("03/04/26", "mdy", date(2026, 3, 4)),
            ("20260304", "dmy", date(2026, 3, 4)),
            ("2026-03-04T10:00:00", "mdy", date(2026, 3, 4)),
            ("1.2.99", "dmy", date(1999, 2, 1)),
        ):
            with self.subTest(text=text):
                self.assertEqual(parse_date(text, order), expected)
        for text in ("yesterday", "2026-13-01", "1/2", ""):
            with self.assertRaises(ValueError):
                parse_date(text, "dmy")

    @given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)))
    def test_every_date_is_read_as_it_was_written(self, day):
        for order, text in (
            ("ymd", day.isoformat()),
            ("dmy", day.strftime("%d.%m.") + str(day.year)),
            ("mdy", day.strftime("%m/%d/") + str(day.year)),
        ):
            self.assertEqual(parse_date(text, order), day)

    def test_numbers(self):
        for text, expected in (
            ("1234.5", 1234.5),
            ("1.234,50", 1234.5),
            ("1,234.50", 1234.5),
            ("12,5", 12.5),
            ("1,234", 1234),
            ("€ 1 000", 1000),
            ("-3", -3),
            ("１２", 12),
        ):
            with self.subTest(text=text):
                self.assertEqual(parse_number(text), expected)
        for text in ("", "many", "1e5", "1.2.3,4,5"):
            with self.assertRaises(ValueError):
                parse_number(text)

    @given(st.integers(-(10**9), 10**9))
    def test_every_whole_number_is_read(self, number):
        self.assertEqual(parse_number(str(number)), number)
        self.assertEqual(parse_number(f"{number:,}"), number)

    def test_yes_and_no(self):
        self.assertTrue(parse_boolean(" Yes "))
        self.assertFalse(parse_boolean("否"))
        with self.assertRaises(ValueError):
            parse_boolean("perhaps")

    def test_names_and_lists(self):
        self.assertEqual(join_name("Ana", "Pereira"), "Ana Pereira")
        self.assertEqual(join_name("伟", "张"), "张伟")
        self.assertEqual(join_name("", "Pereira"), "Pereira")
        self.assertEqual(split_list("VIP; Pumps,VIP、，x"), ["VIP", "Pumps", "x"])

    @given(st.text(max_size=30))
    def test_name_keys_are_final(self, text):
        self.assertEqual(name_key(name_key(text)), name_key(text))
        self.assertEqual(name_key(f"  {text} "), name_key(text))

    def test_names_that_are_alike(self):
        self.assertEqual(name_key("Ａcme　 GmbH"), name_key("ACME gmbh"))
        self.assertNotEqual(name_key("Acme GmbH"), name_key("Acme AG"))
        self.assertEqual(website_key("https://www.Acme.com/en?x=1"), "acme.com")
        self.assertEqual(website_key("acme.com"), "acme.com")
        for spelling in website_spellings("acme.com"):
            self.assertEqual(website_key(spelling), "acme.com")

    def test_columns_by_header(self):
        labels = {target: target for target in SYNONYMS} | {
            "x_color": "Favourite color"
        }
        self.assertEqual(
            propose_targets(
                [
                    "E-Mail",
                    "联系人",
                    "公司名稱",
                    "手机号码",
                    "Favourite Color",
                    "?",
                    "Mail",
                ],
                labels,
                {},
            ),
            ["email", "name", "company_name", "phone", "x_color", None, None],
        )
        self.assertEqual(
            propose_targets(
                ["Mail", "Info"],
                labels,
                {header_key("MAIL"): "", header_key("info"): "comment"},
            ),
            [None, "comment"],
        )

    @given(st.lists(st.text(max_size=10), max_size=8))
    def test_no_target_twice(self, headers):
        labels = {target: target for target in SYNONYMS}
        found = [t for t in propose_targets(headers, labels, {}) if t]
        self.assertEqual(len(found), len(set(found)))
