"""A campaign in a database of its own, for scripts that run in other processes."""

#: Makes `partners`, `mailing` and the workers; what is appended is within the cursor.
SCRIPT = """
with registry.cursor() as cr:
    env = environment(cr)
    partners = env["res.partner"].create([
        {{"name": f"Person {{n}}", "email": f"person{{n}}@example.com"}}
        for n in range({mails})
    ])
    env["ir.config_parameter"].set_param("email_marketing_crm.lanes", "{lanes}")
    env["marketing.lane"]._synchronize()
    segment = env["marketing.segment"].create({{"name": "All", "kind": "static"}})
    segment._include_records(partners)
    mailing = env["mailing.mailing"].create({{
        "subject": "News",
        "body_html": "<p>Dear <t t-out='object.name'/></p>" + "<p>Pumps.</p>" * {lines},
        "mailing_model_id": env["ir.model"]._get_id("res.partner"),
        "email_from": "news@pumps.example.com",
        "reply_to": "news@pumps.example.com",
        "marketing_segment_ids": [(6, 0, segment.ids)],
    }})
"""


def prepare(mails: int, then: str, lanes: int = 2, lines: int = 0) -> str:
    """Return the script that makes a campaign.

    :param mails: persons in its audience
    :param then: statements that follow, indented by four spaces
    :param lines: paragraphs of the mail besides its first one
    """
    return SCRIPT.format(mails=mails, lanes=lanes, lines=lines) + then
