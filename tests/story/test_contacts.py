"""The address book of the demo story."""

import csv
import io
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tools import email_normalize

from dev.story.contacts import COMPANIES, FLAWS, PEOPLE, make_world, wrong_forms


def normalize(written):
    """Odoo's normalised address, without those that name nobody."""
    found = email_normalize(written, strict=False) or ""
    return "" if found.startswith("@") else found


seeds = st.integers(min_value=0, max_value=10_000)


@settings(max_examples=3, deadline=None)
@given(seed=seeds)
def test_the_same_seed_gives_the_same_files(seed):
    first, second = make_world(seed), make_world(seed)
    assert first.people_file() == second.people_file()
    assert first.companies_file() == second.companies_file()


@settings(max_examples=3, deadline=None)
@given(seed=seeds)
def test_every_flaw_is_there_as_often_as_it_says(seed):
    world = make_world(seed)
    flaws = Counter(person.flaw for person in world.people)
    # A duplicate needs somebody before it; the first lines may have nobody yet.
    assert 0 <= FLAWS["duplicate"] - flaws["duplicate"] <= 3
    assert {flaw: flaws[flaw] for flaw in FLAWS if flaw != "duplicate"} == {
        flaw: count for flaw, count in FLAWS.items() if flaw != "duplicate"
    }
    assert len(world.people) == PEOPLE >= 2000
    assert len(world.companies) == COMPANIES


@settings(max_examples=3, deadline=None)
@given(seed=seeds)
def test_written_addresses_mean_what_odoo_makes_of_them(seed):
    for person in make_world(seed).people:
        assert normalize(person.written) == person.address, person.written


def test_no_form_of_a_wrong_address_can_be_normalised():
    for written in wrong_forms("wei.li", "huafeng-suzhou-works.example"):
        assert not normalize(written), written


def test_everybody_with_an_own_line_has_an_own_address():
    people = make_world(1).people
    addresses = [p.address for p in people if p.address and p.flaw != "duplicate"]
    assert len(addresses) == len(set(addresses))


def test_names_of_all_scripts_are_among_them():
    text = make_world(1).people_file()
    for letter in "陈許üé'دת":
        assert letter in text


def test_the_file_can_be_read_back_line_by_line():
    world = make_world(2)
    rows = list(csv.DictReader(io.StringIO(world.people_file())))
    assert [row["External ID"] for row in rows] == [
        person.external_id for person in world.people
    ]
    companies = {company.external_id for company in world.companies}
    assert {row["Related Company/External ID"] for row in rows} <= companies


def test_facts_are_those_of_all_lines_of_a_person():
    world = make_world(3)
    double = next(p for p in world.people if p.flaw == "duplicate" and p.phone)
    assert "phone" in world.facts(double.address)
    assert world.facts("nobody@example.com") == set()
