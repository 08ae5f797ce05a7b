"""Act 1: the address book of a trade fair is imported."""

from ast import literal_eval
from typing import Any

from ..client import WebClient
from ..stage import Stage, StoryStopped

DOMAIN = "trading.example"
"""Where the company gets its mail."""

CHUNK = 500
"""Lines the import dialog sends at once."""

OPTIONS = {
    "has_headers": True,
    "separator": ",",
    "quoting": '"',
    "encoding": "utf-8",
    "advanced": True,
    "keep_matches": False,
    "limit": CHUNK,
    "skip": 0,
    "tracking_disable": True,
    "import_skip_records": [],
    "import_set_empty_fields": [],
    "fallback_values": {},
    "name_create_enabled_fields": {"industry_id": True},
}
"""What the dialog sends for a comma separated file whose new industries are created."""


def play(stage: Stage) -> None:
    """Import companies and people, and compare what came of it."""
    world, report, manager = stage.world, stage.report, stage.manager
    report.chapter("1. Contacts are imported from two files")
    report.note(f"{len(world.companies)} companies, {len(world.people)} people")
    _set_up(manager)
    before = {
        "res.partner": manager.count("res.partner"),
        "marketing.person": manager.count("marketing.person"),
    }
    # New industries are made on the way, which is the administrator's right.
    companies = _import_file(manager, "companies.csv", world.companies_file())
    people = _import_file(stage.marketer, "people.csv", world.people_file())
    report.check("lines imported", world.lines, companies + people)
    report.check(
        "contacts more",
        world.lines,
        manager.count("res.partner") - before["res.partner"],
    )
    report.check(
        "persons more, one per address",
        len(world.addresses),
        manager.count("marketing.person") - before["marketing.person"],
    )
    report.check(
        "contacts without usable address",
        sum(not one.address for one in (*world.companies, *world.people)),
        manager.count(
            "res.partner",
            [("ref", "=like", "STORY-%"), ("marketing_person_id", "=", False)],
        ),
    )
    report.check(
        "of them listed as unusable addresses",
        sum(bool(one.written) and not one.address for one in world.people),
        manager.count(
            "res.partner", [("ref", "=like", "STORY-%"), *_unusable_domain(manager)]
        ),
    )
    _check_duplicates(stage)


def _set_up(manager: WebClient) -> None:
    """Do what an administrator does once, in the settings.

    Replies and bounces get a domain, unless there is one; leads are assigned by the
    rules of the teams, with the room that each member has. The domains are not looked
    up: the numbers of the story are the same on every network.
    """
    if not manager.count("mail.alias.domain"):
        manager.save("mail.alias.domain", {"name": DOMAIN})
    settings = manager.save(
        "res.config.settings",
        {"crm_use_auto_assignment": True, "marketing_address_dns": False},
    )
    manager.press("res.config.settings", settings, "execute")


def _unusable_domain(manager: WebClient) -> list[Any]:
    """Return what the menu Unusable Addresses shows."""
    action = manager.record_of(
        "email_marketing_crm.res_partner_unusable_address_action"
    )
    domain = manager.read("ir.actions.act_window", action, "domain")["domain"]
    return literal_eval(domain)


def _check_duplicates(stage: Stage) -> None:
    """The same address in any spelling is the same person."""
    shared = {one.address for one in stage.world.people if one.flaw == "duplicate"}
    groups = stage.manager.groups(
        "res.partner",
        [("ref", "=like", "STORY-%"), ("marketing_person_id", "!=", False)],
        ["marketing_person_id"],
    )
    several = sum(group["__count"] > 1 for group in groups)
    stage.report.check("persons with several contacts", len(shared), several)


def _import_file(user: WebClient, name: str, text: str) -> int:
    """Do what the import dialog does; return how many lines were imported."""
    wizard = user.call("base_import.import", "create", {"res_model": "res.partner"})
    user.upload(
        "/base_import/set_file",
        {"id": str(wizard)},
        "ufile",
        (name, "text/csv", text.encode()),
    )
    preview = user.call("base_import.import", "parse_preview", [wizard], OPTIONS)
    if preview.get("error"):
        raise StoryStopped(f"The preview of {name} fails: {preview['error']}")
    columns = preview["headers"]
    matches = preview["matches"] or {}
    fields = [
        "/".join(matches.get(str(index)) or []) or False
        for index in range(len(columns))
    ]
    if not all(fields):
        unknown = [c for c, field in zip(columns, fields, strict=True) if not field]
        raise StoryStopped(f"The import does not know the columns {unknown}.")
    done, skip = 0, 0
    while True:
        result = user.call(
            "base_import.import",
            "execute_import",
            [wizard],
            fields,
            [column.lower() for column in columns],
            {**preview["options"], **OPTIONS, "skip": skip},
            dryrun=False,
            context={"tracking_disable": True},
        )
        if result.get("messages"):
            raise StoryStopped(f"{name}, line {skip}: {result['messages'][0]}")
        done += len(result["ids"])
        skip = result.get("nextrow") or 0
        if not skip:
            return done
