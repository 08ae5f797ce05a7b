"""Commands of the workers that plan and send a newsletter, ours and Odoo's."""

import email.policy
import resource
import smtplib
import time
from email.message import EmailMessage

import odoo
from odoo.tools import html2plaintext

#: A themed newsletter: blocks of a table with inline styles, 12 tracked links, three
#: merge fields, links to unsubscribe and to view it; 45 KB once it is a mail. Ours has
#: the link to the preference page as well, as the mails of our library do.
STYLE = (
    "padding:12px 24px;font-family:Arial,Helvetica,sans-serif;font-size:15px;"
    "line-height:22px;color:#2f3a44;background-color:#ffffff;border:0"
)
TEXT = (
    "Our new series moves more water with less power. The housing is cast from one "
    "piece, the bearings last for twenty thousand hours, and the drive tells you "
    "before it needs oil. "
)
LINKS = 12


def make_newsletter(has_preferences=False):
    """The HTML of the newsletter."""
    preferences = '<a href="/marketing/preferences">Preferences</a> '
    blocks = []
    for number in range(LINKS):
        cells = "".join(
            f'<tr><td style="{STYLE}" class="o_mail_block">{TEXT * 3}</td></tr>'
            for _paragraph in range(4)
        )
        blocks.append(
            f'<table width="100%" cellpadding="0" cellspacing="0" style="{STYLE}">'
            f"<tr><td><h3>Pump {number}</h3></td></tr>{cells}"
            f'<tr><td><a href="https://www.example.com/pumps/{number}?colour=blue"'
            f' style="{STYLE}">See pump {number}</a></td></tr></table>'
        )
    return (
        '<div class="o_layout oe_unremovable"><p>Dear <t t-out="object.name"/>,</p>'
        '<p>how is the weather in <t t-out="object.city">your town</t>, and how is '
        '<t t-out="object.company_name">your company</t>?</p>'
        f"{''.join(blocks)}"
        f"<p>{preferences if has_preferences else ''}"
        '<a href="/view">View</a> <a href="/unsubscribe_from_list">Unsubscribe</a></p>'
        "</div>"
    )


def make_mailing(env, count, tag, is_ours, is_high_volume=False):
    """A newsletter to `count` contacts, not launched yet; returns its number.

    Ours is for one segment, Odoo's for a filter.
    """
    env = env(context=dict(env.context, tracking_disable=True))
    partners = env["res.partner"].create(
        [
            {
                "name": f"Person {number}",
                "email": f"{tag}.{number}@example.com",
                "city": f"Town {number % 97}",
                "company_name": f"Company {number % 331}",
            }
            for number in range(count)
        ]
    )
    values = {
        "subject": "Pumps of the season",
        "body_html": make_newsletter(has_preferences=is_ours),
        "mailing_model_id": env["ir.model"]._get_id("res.partner"),
        "email_from": "Pumps <news@pumps.example.com>",
        "reply_to": "news@pumps.example.com",
        "mailing_domain": repr([("email", "like", f"{tag}.")]),
    }
    if is_ours:
        segment = env["marketing.segment"].create({"name": tag, "kind": "static"})
        segment._include_records(partners)
        values["marketing_segment_ids"] = [(6, 0, segment.ids)]
    mailing = env["mailing.mailing"].create(values)
    # Odoo asks the web for the title of each link: not what is measured here.
    mailing.env["link.tracker"].__class__._get_title_from_url = lambda self, url: url
    if is_ours:
        mailing.marketing_sender_id.is_high_volume = is_high_volume
    env.flush_all()
    env.cr.precommit.run()
    env.cr.commit()
    env.cr.execute("ANALYZE")
    env.cr.commit()
    return mailing.id


def use_sink(env, port):
    """Send to this port from now on."""
    odoo.tools.config["smtp_server"] = "127.0.0.1"
    odoo.tools.config["smtp_port"] = port


def launch(env, mailing_id):
    """Confirm a mailing of ours, which plans it: (seconds, CPU seconds)."""
    mailing = env["mailing.mailing"].browse(mailing_id)
    return _measure(env, mailing.action_launch)


def send_ours(env, number, lanes):
    """Run a shard's lanes until nothing waits: (seconds, CPU seconds)."""
    return _measure(env, lambda: _run_lanes(env, number, lanes))


def _run_lanes(env, number, lanes):
    done = 0
    while True:
        handled = 0
        for model in ("marketing.delivery", "mail.mail"):
            processed = env[model]._run_lane(number, lanes)[0]
            env.flush_all()
            env.cr.commit()
            env.invalidate_all()
            handled += processed
        if not handled:
            return done
        done += handled


def send_stock(env, mailing_id):
    """Let Odoo confirm, compose and send a mailing: (seconds, CPU seconds)."""

    def send():
        env["mailing.mailing"].browse(mailing_id).action_put_in_queue()
        env["mailing.mailing"].browse(mailing_id)._process_mass_mailing_queue()
        env.cr.commit()
        # Odoo's queue stops after a thousand mails until its next hour.
        outgoing = [("state", "=", "outgoing"), ("mailing_id", "=", mailing_id)]
        while env["mail.mail"].search_count(outgoing, limit=1):
            env["mail.mail"].process_email_queue()
            env.cr.commit()
            env.invalidate_all()

    return _measure(env, send)


def _measure(env, work):
    start, cpu = time.perf_counter(), time.process_time()
    work()
    env.cr.commit()
    return [time.perf_counter() - start, time.process_time() - cpu]


def set_lanes(env, count):
    """How many workers share the work."""
    env["ir.config_parameter"].set_param("email_marketing_crm.lanes", str(count))
    env.cr.commit()


def get_memory(env):
    """Most memory the worker ever took, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def get_message(env):
    """A mail of the newsletter, as the mail server gets it."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "Pumps of the season"
    message["From"] = "Pumps <news@pumps.example.com>"
    message["To"] = "Person <person@example.com>"
    body = make_newsletter()
    text = html2plaintext(body)
    message.add_alternative(text, subtype="plain", charset="utf-8")
    message.add_alternative(body, subtype="html", charset="utf-8")
    return message.as_bytes().decode()


def count_sent(env, mailing_id):
    env.cr.execute(
        "SELECT count(*), count(DISTINCT email) FROM mailing_trace"
        " WHERE mass_mailing_id = %s AND trace_status = 'sent'",
        [mailing_id],
    )
    return env.cr.fetchone()


def send_bare(env, port, message, count):
    """The least a program must do: hand mails over, and write a row for each."""
    env.cr.execute("CREATE TABLE IF NOT EXISTS bare_sent (id int, email text)")
    env.cr.commit()

    def send():
        session = smtplib.SMTP("127.0.0.1", port)
        session.ehlo()
        for number in range(count):
            address = f"bare.{number}@example.com"
            session.sendmail("news@pumps.example.com", [address], message.encode())
            env.cr.execute("INSERT INTO bare_sent VALUES (%s, %s)", [number, address])
            env.cr.commit()
        session.quit()

    return _measure(env, send)
