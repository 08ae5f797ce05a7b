"""The add-on is updated and removed in a database that is in use."""

from odoo.modules import get_manifest
from odoo.tests import tagged
from odoo.tools import convert_file, mute_logger

from ..hooks import post_init_hook, uninstall_hook
from ..models.mailing_trace_link import LAST_UNSIGNED
from .common import MarketingCase

ADDON = "email_marketing_crm"
#: What users throw away or make themselves; an update leaves that to them.
USERS_OWN = {
    "marketing.buyer.stage",
    "marketing.check.policy",
    "marketing.check.word",
    "marketing.compliance.profile",
    "marketing.handoff.policy",
    "marketing.handoff.reason",
    "marketing.profile.attribute",
    "marketing.profile.option",
    "marketing.score.group",
    "marketing.score.model",
    "marketing.score.rule",
    "marketing.segment.template",
    "marketing.segment.template.parameter",
}
ASKS_SCORE = "[('marketing_score', '>', 50)]"


@tagged("post_install", "-at_install")
class TestAddonUpdate(MarketingCase):
    """What `odoo-bin -u` does to what users changed."""

    def update(self):
        for path in get_manifest(ADDON)["data"]:
            if path.startswith("data/"):
                convert_file(self.env, ADDON, path, {}, mode="update")

    def get_own(self):
        """`{model: ids of all records}` of what users may throw away."""
        return {
            model: set(self.env[model].with_context(active_test=False).search([]).ids)
            for model in USERS_OWN
        }

    def test_what_users_deleted_stays_deleted(self):
        names = self.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "in", list(USERS_OWN))]
        )
        self.assertEqual(set(names.mapped("model")), USERS_OWN)
        # The data of the add-on has nothing but its first record of each model left.
        for model, same in names.sorted("id").grouped("model").items():
            records = self.env[model].browse(same[1:].mapped("res_id")).exists()
            used = records.filtered(lambda record: not self.is_free(record))
            (records - used).unlink()
        kept = self.get_own()
        self.update()
        self.assertEqual(self.get_own(), kept)

    def is_free(self, record):
        return (
            record._name != "marketing.profile.attribute" or not record._has_answers()
        )

    def test_what_users_made_anew_is_in_nobodys_way(self):
        policy = self.env.ref(f"{ADDON}.marketing_check_policy_size")
        code = policy.code
        policy.unlink()
        own = self.env["marketing.check.policy"].create({"code": code, "level": "off"})
        self.update()
        self.assertEqual(own.level, "off")

    def test_what_users_changed_stays(self):
        rule = self.env.ref(f"{ADDON}.score_rule_form")
        rule.points = 7
        cron = self.env.ref(f"{ADDON}.ir_cron_retention")
        cron.write({"active": False, "interval_number": 3})
        self.update()
        self.assertEqual(rule.points, 7)
        self.assertEqual((cron.active, cron.interval_number), (False, 3))

    def test_deleted_mail_of_the_library_stays_deleted(self):
        templates = self.env["marketing.mail.template"].with_context(active_test=False)
        library = templates.search([("is_library", "=", True)])
        library[0].unlink()
        library[1].lang_id = self.env.ref("base.lang_fr")
        before = templates.search([])
        self.update()
        self.assertEqual(templates.search([]), before)

    def test_deleted_cron_of_a_worker_comes_back(self):
        """Nothing else would do its work, nor say so."""
        lanes = self.env["marketing.lane"].with_context(active_test=False)
        lane = lanes.search([("kind", "=", "inbox")], limit=1)
        others = lanes.search([]).cron_id - lane.cron_id
        off = others[:1]
        off.active = False
        lane.cron_id.unlink()
        self.update()
        self.assertTrue(lane.cron_id.active)
        self.assertIn(f"browse({lane.id})", lane.cron_id.code)
        self.assertEqual(lanes.search([]).cron_id, others | lane.cron_id)
        self.assertFalse(off.active)


@tagged("post_install", "-at_install")
class TestAddonInstalledAgain(MarketingCase):
    """The hook of the installation, called in a database that is in use."""

    def count(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        return [
            self.env[model].with_context(active_test=False).search_count([])
            for model in (
                "marketing.person",
                "marketing.consent",
                "marketing.consent.log",
                "marketing.topic",
                "marketing.touchpoint",
                "mail.blacklist",
            )
        ]

    def test_nothing_is_doubled_nor_said_anew(self):
        plain, public = self.env["mailing.list"].create(
            [{"name": "Plain"}, {"name": "Public", "is_public": True}]
        )
        self.make_contact("ana@example.com", lists=plain | public)
        self.env["mail.blacklist"]._add("bob@example.com")
        self.make_partner("bob@example.com")
        self.env["ir.config_parameter"].set_param(LAST_UNSIGNED, 1)
        self.env["mailing.trace"].create(
            {"email": "ana@example.com", "model": "mailing.contact", "res_id": 1}
        )
        post_init_hook(self.env)
        before = self.count()
        post_init_hook(self.env)
        self.assertEqual(self.count(), before)
        self.assertEqual(
            self.env["ir.config_parameter"].get_param(LAST_UNSIGNED),
            "1",
            "A click proves nothing where the link of its mail could be signed.",
        )

    def test_one_who_left_a_list_twice_left_it_once(self):
        """Two list contacts with one address are one person with one answer."""
        plain = self.env["mailing.list"].create({"name": "Plain"})
        contacts = self.make_contact("ana@example.com", lists=plain)
        contacts |= self.make_contact("ANA@example.com", lists=plain)
        contacts.subscription_ids.opt_out = True
        person = self.person_of("ana@example.com")
        self.env.cr.execute(
            "DELETE FROM marketing_consent_log WHERE person_id = %s", [person.id]
        )
        post_init_hook(self.env)
        answers = self.env["marketing.consent.log"].search(
            [("person_id", "=", person.id), ("mailing_list_id", "=", plain.id)]
        )
        self.assertEqual(answers.mapped("event"), ["withdrawn"])


@tagged("post_install", "-at_install")
class TestAddonRemoved(MarketingCase):
    """What the add-on leaves to Odoo when it goes."""

    def make_stock_mailing(self, **values):
        return self.env["mailing.mailing"].create(
            {
                "subject": "Pumps",
                "body_html": "<p>Pumps</p>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "user_id": self.user_marketing.id,
                **values,
            }
        )

    def remove(self):
        with mute_logger("odoo.models.unlink"):
            uninstall_hook(self.env)
        self.env.invalidate_all()

    def test_nothing_asks_for_fields_that_go(self):
        """A mailing whose domain cannot be read keeps all of them from being shown."""
        ours = self.make_stock_mailing(mailing_domain=ASKS_SCORE)
        other = self.make_stock_mailing(mailing_domain="[('name', '=', 'marketing_x')]")
        mailing_filter = self.env["mailing.filter"].create(
            {
                "name": "Engaged",
                "mailing_model_id": ours.mailing_model_id.id,
                "mailing_domain": ASKS_SCORE,
            }
        )
        filtered = self.make_stock_mailing(mailing_filter_id=mailing_filter.id)
        searches = self.env["ir.filters"].create(
            [
                {"name": "Ours", "model_id": "res.partner", "domain": ASKS_SCORE},
                {
                    "name": "Grouped",
                    "model_id": "crm.lead",
                    "context": "{'group_by': ['marketing_grade']}",
                },
                {"name": "Persons", "model_id": "marketing.person"},
                {"name": "Odoo's", "model_id": "res.partner", "domain": "[]"},
            ]
        )
        team = self.env["crm.team"].create(
            {"name": "Pumps", "assignment_domain": ASKS_SCORE}
        )
        self.remove()
        for mailing in ours | filtered:
            self.assertEqual(mailing.mailing_domain, "[('id', 'in', [])]")
        self.assertEqual(other.mailing_domain, "[('name', '=', 'marketing_x')]")
        self.assertFalse(mailing_filter.exists())
        self.assertEqual(searches.exists().mapped("name"), ["Odoo's"])
        self.assertEqual(team.assignment_domain, "[('id', 'in', [])]")

    def test_mail_of_a_journey_is_not_for_everybody(self):
        step = self.make_stock_mailing(marketing_kind="journey")
        self.remove()
        self.assertEqual(step.mailing_domain, "[('id', 'in', [])]")

    def test_mailing_that_leaves_somebody_out_waits_for_a_user(self):
        """Odoo's queue knows no topic: it would mail those who are out of it."""
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        about_topic = self.make_stock_mailing(
            state="in_queue", marketing_topic_id=topic.id
        )
        news = self.env["mailing.list"].create({"name": "News"})
        topic_of_list = topic.copy({"mailing_list_id": news.id})
        others = self.make_stock_mailing(state="in_queue")
        others |= self.make_stock_mailing(
            state="in_queue",
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=news.ids,
            marketing_topic_id=topic_of_list.id,
        )
        self.remove()
        self.assertEqual(about_topic.state, "draft")
        self.assertEqual(others.mapped("state"), ["in_queue", "in_queue"])

    def test_draft_greets_by_a_field_of_odoo(self):
        text = '<p>Dear <t t-out="object.marketing_name">customer</t></p>'
        subject = "{{ object.marketing_name ||| Customer }}, pumps"
        partners = self.make_stock_mailing(subject=subject, body_arch=text)
        leads = self.make_stock_mailing(
            body_arch=text, mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
        )
        self.remove()
        self.assertIn("object.name", partners.body_arch)
        self.assertEqual(partners.subject, "{{ object.name ||| Customer }}, pumps")
        self.assertIn("object.contact_name", leads.body_arch)

    def test_who_must_not_be_mailed_is_on_the_blacklist(self):
        self.make_partner("ana@example.com")
        self.make_partner("bob@example.com")
        self.make_partner("cem@example.com")
        self.person_of("ana@example.com").suppression = "complaint"
        self.person_of("bob@example.com").suppression = "bounce"
        self.env["mail.blacklist"]._add("cem@example.com")
        self.env["mail.blacklist"]._remove("cem@example.com")
        self.person_of("cem@example.com").is_suppressed = True
        self.remove()
        blocked = self.env["mail.blacklist"].search([]).mapped("email")
        self.assertIn("ana@example.com", blocked)
        self.assertIn("cem@example.com", blocked)
        self.assertNotIn("bob@example.com", blocked)
