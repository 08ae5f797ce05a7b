"""The contacts of the story: who they are, and the files that a user imports.

`make_world` draws companies and people from a seed. Every flaw of a real address book
is put in on purpose and known: addresses that are none, people without one, the same
address written in three ways, shared and thrown-away addresses. What the import has
to come to can therefore be counted here, without asking Odoo.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from .names import (
    BRANCHES,
    DECISION_MAKERS,
    DISPOSABLE,
    INDUSTRIES,
    LANDS,
    OTHERS,
    ROLES,
    SHARES,
    SLUGS,
    Land,
)

COMPANIES = 260
PEOPLE = 2100

FLAWS = {"wrong": 60, "missing": 40, "duplicate": 90, "disposable": 50, "role": 50}
"""How many of the people are not somebody with an own, well-written address."""

FACTS = frozenset(
    {"parent_id", "commercial_company_name", "industry_id", "function", "phone"}
)
"""Fields of Odoo's contacts that the files fill in: the last two for most people."""

COMPANY_COLUMNS = (
    "External ID",
    "Name",
    "Is a Company",
    "Industry",
    "Email",
    "Phone",
    "City",
    "Country",
    "Website",
    "Reference",
)
PERSON_COLUMNS = (
    "External ID",
    "Name",
    "Related Company/External ID",
    "Job Position",
    "Email",
    "Phone",
    "City",
    "Country",
    "Reference",
)


@dataclass(frozen=True)
class Company:
    """A company and where it is."""

    number: int
    name: str
    industry: str
    land: Land
    city: str
    domain: str
    address: str
    """Its shared mailbox, empty for some."""

    @property
    def external_id(self) -> str:
        """Its key in the files."""
        return f"story_company_{self.number:04}"

    def row(self) -> tuple[str, ...]:
        """Return its line of the file."""
        return (
            self.external_id,
            self.name,
            "True",
            self.industry,
            self.address,
            f"{self.land.phone} {1000 + self.number} {self.number % 89:02}",
            self.city,
            self.land.country,
            f"https://www.{self.domain}",
            f"STORY-C{self.number:04}",
        )


@dataclass(frozen=True)
class Person:
    """Somebody in the address book: one line of the file, not one human being."""

    number: int
    name: str
    company: Company
    function: str
    """Their job title, empty for some."""

    phone: str
    """Empty for some."""

    written: str
    """The address as it stands in the file."""

    address: str
    """The address it means, empty when it means none."""

    flaw: str
    """A key of ``FLAWS``, or empty."""

    @property
    def external_id(self) -> str:
        """Their key in the file."""
        return f"story_person_{self.number:05}"

    @property
    def reference(self) -> str:
        """Their number in the old customer file."""
        return f"STORY-{self.number:05}"

    def row(self) -> tuple[str, ...]:
        """Return their line of the file."""
        return (
            self.external_id,
            self.name,
            self.company.external_id,
            self.function,
            self.written,
            self.phone,
            self.company.city,
            self.company.land.country,
            self.reference,
        )


@dataclass(frozen=True)
class World:
    """Everybody outside."""

    companies: tuple[Company, ...]
    people: tuple[Person, ...]

    @property
    def addresses(self) -> set[str]:
        """Every address that means somebody: one marketing person each."""
        shared = {company.address for company in self.companies}
        return ({person.address for person in self.people} | shared) - {""}

    @property
    def lines(self) -> int:
        """How many lines both files have, without their headings."""
        return len(self.companies) + len(self.people)

    def facts(self, address: str) -> set[str]:
        """Return which of ``FACTS`` are filled in, on any line of somebody."""
        found: set[str] = set()
        for person in self.people:
            if person.address == address:
                found |= FACTS - {"function", "phone"}
                found |= {"function"} if person.function else set()
                found |= {"phone"} if person.phone else set()
        return found

    def companies_file(self) -> str:
        """Return the file of companies."""
        return _csv(COMPANY_COLUMNS, (company.row() for company in self.companies))

    def people_file(self) -> str:
        """Return the file of people."""
        return _csv(PERSON_COLUMNS, (person.row() for person in self.people))


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def make_world(seed: int) -> World:
    """Draw companies and people; the same seed gives the same world."""
    random = Random(f"world {seed}")
    companies = tuple(_make_companies(random))
    return World(companies, tuple(_make_people(random, companies)))


def _make_companies(random: Random) -> Iterator[Company]:
    taken: set[str] = set()
    weights = [SHARES[land.code] for land in LANDS]
    for number in range(1, COMPANIES + 1):
        index = random.choices(range(len(LANDS)), weights)[0]
        land = LANDS[index]
        industry = random.choice(INDUSTRIES)
        city, brand = random.choice(land.cities), random.choice(land.brands)
        domain = _free(f"{brand.latin}-{city.latin}-{SLUGS[industry]}", taken, "-")
        branch = BRANCHES[industry].split()[index]
        yield Company(
            number=number,
            name=land.company.format(
                brand=brand.written, branch=branch, city=city.written
            ),
            industry=industry,
            land=land,
            city=city.written,
            domain=f"{domain}.example",
            address=f"info@{domain}.example" if random.random() < 0.8 else "",
        )


def _make_people(random: Random, companies: tuple[Company, ...]) -> Iterator[Person]:
    flaws = [flaw for flaw, count in FLAWS.items() for _ in range(count)]
    flaws += [""] * (PEOPLE - len(flaws))
    random.shuffle(flaws)
    taken = {company.address for company in companies}
    good: list[Person] = []
    for number, flaw in enumerate(flaws, 1):
        if flaw == "duplicate" and good:
            yield _make_duplicate(random, number, random.choice(good))
            continue
        person = _make_person(random, number, random.choice(companies), flaw, taken)
        if not person.flaw:
            good.append(person)
        yield person


def _make_person(
    random: Random, number: int, company: Company, flaw: str, taken: set[str]
) -> Person:
    """Draw somebody of a company, with one flaw or none."""
    land = company.land
    given, family = random.choice(land.given), random.choice(land.family)
    titles = DECISION_MAKERS if random.random() < 0.45 else OTHERS
    function = random.choice(titles[land.language])
    phone = f"{land.phone} {number:05} {number % 97:02}"
    if random.random() < 0.15:
        function = ""
    if random.random() < 0.3:
        phone = ""
    name = land.person.format(given=given.written, family=family.written)
    local, domain = f"{given.latin}.{family.latin}", company.domain
    if flaw == "role":
        local = random.choice(ROLES[1:])
    elif flaw == "disposable":
        domain = random.choice(DISPOSABLE)
    local = _free(local, taken, "", f"@{domain}")
    address = f"{local}@{domain}"
    written = _write(random, address, name)
    if flaw == "missing":
        address = written = ""
    elif flaw == "wrong":
        written, address = random.choice(wrong_forms(local, domain)), ""
    return Person(
        number=number,
        name=name,
        company=company,
        function=function,
        phone=phone,
        written=written,
        address=address,
        flaw="" if flaw == "duplicate" else flaw,
    )


def _make_duplicate(random: Random, number: int, other: Person) -> Person:
    """The same human once more, as another colleague typed it."""
    written = random.choice(
        [
            other.address.upper(),
            f"  {other.address} ",
            f'"{other.name}" <{other.address}>',
            f"{other.address};",
            other.address.title(),
        ]
    )
    return Person(
        number=number,
        name=other.name,
        company=other.company,
        function=other.function,
        phone=other.phone,
        written=written,
        address=other.address,
        flaw="duplicate",
    )


def wrong_forms(local: str, domain: str) -> list[str]:
    """Ways in which people write an address that is none."""
    return [
        local,
        f"{local}@",
        f"@{domain}",
        f"{local}@@{domain}",
        f"{local}(at){domain}",
        f"{local}＠{domain}",  # the full-width sign of Chinese keyboards
        f"{local} at {domain}",
        "n/a",
        "无",
        "see business card",
    ]


def _write(random: Random, address: str, name: str) -> str:
    """Write a good address as address books have it: mostly plain."""
    draw = random.random()
    if draw < 0.88:
        return address
    if draw < 0.94:
        return address.title()
    return f'"{name}" <{address}>'


def _free(wanted: str, taken: set[str], glue: str, suffix: str = "") -> str:
    """Return a name nobody has yet, numbered when somebody has it."""
    found, number = wanted, 1
    while found + suffix in taken:
        number += 1
        found = f"{wanted}{glue}{number}"
    taken.add(found + suffix)
    return found
