"""Commands of the workers: `python -m benchmarks.commands DATABASE`.

Reads `[command, arguments…]` as JSON lines and answers each with one line.
"""

import base64
import csv
import io
import json
import os
import random
import sys
import time
from datetime import datetime, timedelta

import odoo
import odoo.modules.registry
from odoo.api import SUPERUSER_ID, Environment

from benchmarks import (
    datasets,
    delivery_plan_cases,
    mailings,
    segment_cases,
    segment_data,
)


def lead_write(env, count, seed):
    """Write a stage, a phone and a description to leads, a transaction each."""
    leads = env["crm.lead"].search([], order="id", limit=2000)
    stages = env["crm.stage"].search([("is_won", "=", False)]).ids
    return _write_each(
        env,
        leads,
        count,
        seed,
        lambda lead, turn: {
            "stage_id": stages[(stages.index(lead.stage_id.id) + 1) % len(stages)],
            "phone": f"+32 2 {turn:07d}",
        },
    )


def partner_write(env, count, seed):
    """Write a phone, a street and a note to contacts, a transaction each."""
    partners = env["res.partner"].search(
        [("email", "=like", "person%")], order="id", limit=2000
    )
    return _write_each(
        env,
        partners,
        count,
        seed,
        lambda partner, turn: {
            "phone": f"+32 2 {turn:07d}",
            "street": f"Street {turn}",
            "function": f"Buyer {turn}",
        },
    )


def _write_each(env, records, count, seed, values):
    ids = random.Random(seed).sample(records.ids, count)
    cr = env.cr
    start = time.perf_counter()
    for turn, record_id in enumerate(ids):
        record = records.browse(record_id)
        record.write(values(record, turn))
        cr.commit()
        env.invalidate_all()
    return time.perf_counter() - start


def make_hits(env, count, link_count=4):
    """A sent mailing with one trace per person and some links."""
    return datasets.make_hits(env, count, link_count)


def make_mailings(env, mailings, traces):
    """Mailings that were sent, with what became of each mail."""
    return datasets.make_mailings(env, mailings, traces)


def read_mailing_list(env):
    """Seconds of what the list of mailings asks for: one page with its statistics."""
    columns = (
        "calendar_date subject user_id ab_testing_enabled sent received_ratio"
        " opened_ratio bounced_ratio clicks_ratio replied_ratio state"
    )
    start = time.perf_counter()
    page = env["mailing.mailing"].web_search_read(
        [("mailing_type", "=", "mail")],
        dict.fromkeys(columns.split(), {}),
        limit=80,
        order="id desc",
    )
    elapsed = time.perf_counter() - start
    figures = sorted(
        (line["subject"], line["sent"], line["opened_ratio"], line["clicks_ratio"])
        for line in page["records"]
        if line["sent"]
    )
    env.invalidate_all()
    return [elapsed, figures]


def make_contacts(env, partners, leads):
    return datasets.make_contacts(env, partners, leads)


def build_persons(env):
    """Seconds the installation needs for the persons of the contacts there are."""
    from odoo.addons.email_marketing_crm.hooks import build_persons as build

    start = time.perf_counter()
    made = build(env)
    env.cr.commit()
    return [made, time.perf_counter() - start]


def make_configuration(env):
    return datasets.make_configuration(env)


def make_touchpoints(env, count):
    return datasets.make_touchpoints(env, count)


def reset_inbox(env):
    return datasets.reset_inbox(env)


def consume(env, number, count):
    """Let one inbox lane consume all there is: (rows, seconds)."""
    inbox = env["marketing.inbox"]
    done = 0
    start = time.perf_counter()
    while True:
        processed, _remaining = inbox._run_lane(number, count)
        env.cr.commit()
        env.invalidate_all()
        done += processed
        if not processed:
            return [done, time.perf_counter() - start]


def make_history(env, count):
    return datasets.make_history(env, count)


def api_key(env):
    return (
        env["res.users.apikeys"]
        .with_user(env.ref("base.user_admin"))
        ._generate("rpc", "benchmark", datetime.now() + timedelta(days=1))
    )


def import_file(env, count):
    """Seconds of an import with all its checks, from the file to the last line."""
    source = env["marketing.acquisition.source"].search(
        [("name", "=", "Benchmark")]
    ) or env["marketing.acquisition.source"].create({"name": "Benchmark"})
    job = env["marketing.import"].create(
        {
            "file": base64.b64encode(datasets.make_contact_file(count).encode()),
            "file_name": "benchmark.csv",
            "source_id": source.id,
            "relationship": "prospect",
            "legal_basis": "consent",
            "duplicate_policy": "update",
            "update_mode": "overwrite",
        }
    )
    job.action_read_file()
    job.action_check()
    job.action_start()
    env.cr.commit()
    start = time.perf_counter()
    while job._run_lane(0, 1)[1]:
        env.cr.commit()
        env.invalidate_all()
    env.cr.commit()
    elapsed = time.perf_counter() - start
    if job.created_count + job.updated_count != count:
        raise RuntimeError("Not every line was imported.")
    return elapsed


def load_file(env, count):
    """Seconds of Odoo's own import of the same companies and contacts."""
    header, *rows = csv.reader(io.StringIO(datasets.make_contact_file(count)))
    start = time.perf_counter()
    companies = sorted({row[header.index("Company")] for row in rows})
    partners = env["res.partner"].with_context(
        import_file=True, tracking_disable=True, mail_create_nosubscribe=True
    )
    partners.load(["name", "is_company"], [[name, "1"] for name in companies])
    env.cr.commit()
    fields = ["name", "email", "parent_id", "function", "phone", "country_id"]
    result = partners.load(fields, [row[: len(fields)] for row in rows])
    env.cr.commit()
    if not result["ids"] or len(result["ids"]) != count:
        raise RuntimeError(f"Odoo refuses the lines: {result['messages'][:1]}")
    return time.perf_counter() - start


COMMANDS = {
    function.__name__: function
    for function in (
        lead_write,
        partner_write,
        make_hits,
        make_mailings,
        read_mailing_list,
        make_contacts,
        build_persons,
        make_configuration,
        make_touchpoints,
        reset_inbox,
        consume,
        make_history,
        api_key,
        import_file,
        load_file,
        delivery_plan_cases.make_campaign,
        delivery_plan_cases.preview_campaign,
        delivery_plan_cases.plan_campaign,
        delivery_plan_cases.tell_history,
        delivery_plan_cases.write_rows,
        segment_data.make_segment_data,
        segment_cases.make_case,
        segment_cases.fill_case,
        segment_cases.refresh_case,
        segment_cases.bare_case,
        segment_cases.bare_fill,
        segment_cases.search_case,
        segment_cases.make_crowd,
        segment_cases.make_segments,
        segment_cases.consume_changes,
        segment_cases.preview_case,
        segment_cases.change_at_random,
        segment_cases.measure_drift,
        mailings.make_mailing,
        mailings.launch,
        mailings.use_sink,
        mailings.send_ours,
        mailings.send_stock,
        mailings.send_bare,
        mailings.count_sent,
        mailings.set_lanes,
        mailings.get_memory,
        mailings.get_message,
    )
}


def main(name):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Odoo prints is no answer
    odoo.tools.config.parse_config(
        ["-c", os.environ["EMC_ODOO_CONF"], "-d", name, "--log-level=error"]
    )
    registry = odoo.modules.registry.Registry(name)
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        with registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            answer = COMMANDS[command](env, *arguments)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
