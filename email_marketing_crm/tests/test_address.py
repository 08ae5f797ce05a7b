"""How far addresses can be trusted, with name servers that the tests make up."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..tools.address_check import DomainNotFoundError, LookupFailedError
from .common import NOW, MarketingCase


class FakeNames:
    """A domain name system: `{domain: {kind: answers, or an error}}`."""

    def __init__(self, **domains):
        self.domains = {
            name.replace("_", "."): answers for name, answers in domains.items()
        }
        self.asked = []

    def __call__(self, domain, kind):
        self.asked.append((domain, kind))
        answers = self.domains.get(domain, DomainNotFoundError())
        if isinstance(answers, Exception):
            raise answers
        answer = answers.get(kind, [])
        if isinstance(answer, Exception):
            raise answer
        return answer


@tagged("post_install", "-at_install")
class TestAddress(MarketingCase):
    def check(self, names):
        """Let the lane do all there is, with these name servers."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        domains = self.env["marketing.email.domain"]
        with patch.object(type(domains), "_get_lookup", lambda model: names):
            for _run in range(20):
                processed, _remaining = domains._run_lane(0, 1)
                if not processed:
                    return
        raise AssertionError("The lane does not come to rest")

    def setUp(self):
        super().setUp()
        # Whoever is known from before has been looked at.
        self.check(None)
        self.env["marketing.email.domain"].search([]).write({"next_check_date": False})

    def state_of(self, email):
        person = self.person_of(email)
        return person.address_state, person.address_reason

    def test_states_and_their_reasons(self):
        for email in (
            "ana@good.dev",
            "info@good.dev",
            "bo@nowhere.dev",
            "chen@refuses.dev",
            "dora@hostonly.dev",
            "emil@empty.dev",
            "finn@silent.dev",
            "gil@halfsilent.dev",
            "hugo@mailinator.com",
            "igor..x@good.dev",
        ):
            self.make_partner(email)
        self.assertEqual(self.state_of("ana@good.dev"), ("unknown", False))
        self.check(
            FakeNames(
                good_dev={"MX": ["mx.good.dev."]},
                refuses_dev={"MX": ["."]},
                hostonly_dev={"A": ["192.0.2.1"]},
                empty_dev={},
                silent_dev=LookupFailedError("timeout"),
                halfsilent_dev={"MX": [], "A": LookupFailedError("SERVFAIL")},
                mailinator_com={"MX": ["mail.mailinator.com."]},
            )
        )
        for email, expected in {
            "ana@good.dev": ("valid", False),
            "info@good.dev": ("risky", "role"),
            "bo@nowhere.dev": ("invalid", "no_domain"),
            "chen@refuses.dev": ("invalid", "null_mx"),
            "dora@hostonly.dev": ("risky", "no_mx"),
            "emil@empty.dev": ("invalid", "no_server"),
            "finn@silent.dev": ("unknown", "dns_failed"),
            "gil@halfsilent.dev": ("unknown", "dns_failed"),
            "hugo@mailinator.com": ("risky", "disposable"),
            "igor..x@good.dev": ("invalid", "syntax"),
        }.items():
            with self.subTest(email=email):
                self.assertEqual(self.state_of(email), expected)
        self.assertEqual(self.person_of("ana@good.dev").address_checked_date, NOW)

    def test_segments_follow_what_the_lane_finds_out(self):
        self.make_partner("ana@good.dev")
        segment = self.env["marketing.segment"].create(
            {
                "name": "Good addresses",
                "res_model": "res.partner",
                "domain": repr(
                    [
                        ("email", "=like", "%@good.dev"),
                        ("marketing_person_id.address_state", "=", "valid"),
                    ]
                ),
            }
        )
        segment._refresh()
        self.assertEqual(segment.member_count, 0)
        self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        self.run_inbox()
        segment.invalidate_recordset()
        self.assertEqual(segment.member_count, 1)

    def test_a_domain_is_asked_about_once(self):
        for number in range(5):
            self.make_partner(f"p{number}@good.dev")
        names = FakeNames(good_dev={"MX": ["mx.good.dev."]})
        self.check(names)
        self.make_partner("late@good.dev")
        self.check(names)
        self.assertEqual(names.asked, [("good.dev", "MX")])
        self.assertEqual(self.state_of("late@good.dev"), ("valid", False))

    def test_no_answer_never_makes_anything_worse(self):
        self.make_partner("ana@good.dev")
        self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        domain = self.env["marketing.email.domain"].search([("name", "=", "good.dev")])
        self.clock.tick(timedelta(days=91))
        silent = FakeNames(good_dev=LookupFailedError("timeout"))
        self.check(silent)
        self.assertEqual(self.state_of("ana@good.dev"), ("valid", False))
        self.assertTrue(silent.asked)
        # It is asked again within the day, and believed when it answers.
        self.clock.tick(timedelta(hours=7))
        self.check(FakeNames())
        self.assertEqual(self.state_of("ana@good.dev"), ("invalid", "no_domain"))
        self.assertEqual(domain.state, "invalid")

    def test_checked_again_on_schedule(self):
        self.env["ir.config_parameter"].set_param(
            "email_marketing_crm.address_recheck_days", "30"
        )
        self.make_partner("ana@good.dev")
        self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        names = FakeNames()
        self.clock.tick(timedelta(days=29))
        self.check(names)
        self.assertFalse(names.asked)
        self.clock.tick(timedelta(days=2))
        self.check(names)
        self.assertEqual(self.state_of("ana@good.dev"), ("invalid", "no_domain"))

    def test_many_persons_of_a_domain_are_told_some_at_a_time(self):
        for number in range(7):
            self.make_partner(f"p{number}@good.dev")
        with patch(
            "odoo.addons.email_marketing_crm.models.marketing_email_domain"
            ".BATCH_PERSONS",
            3,
        ):
            self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        persons = self.env["marketing.person"].search(
            [("email_normalized", "=like", "p%@good.dev")]
        )
        self.assertEqual(set(persons.mapped("address_state")), {"valid"})

    def test_switched_off_nobody_is_asked(self):
        self.env["res.config.settings"].create(
            {"marketing_address_dns": False}
        ).set_values()
        self.assertIsNone(self.env["marketing.email.domain"]._get_lookup())
        self.make_partner("ana@good.dev")
        self.make_partner("sales@good.dev")
        self.check(None)
        self.assertEqual(self.state_of("ana@good.dev"), ("unknown", "dns_off"))
        self.assertEqual(self.state_of("sales@good.dev"), ("risky", "role"))
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.marketing_address_dns)
        self.clock.tick(1)
        settings.marketing_address_dns = True
        settings.set_values()
        self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        self.assertEqual(self.state_of("ana@good.dev"), ("valid", False))

    def test_name_servers_are_a_setting(self):
        settings = self.env["res.config.settings"].create(
            {
                "marketing_address_dns": True,
                "marketing_address_nameservers": "192.0.2.53 2001:db8::53",
                "marketing_address_timeout": 2.5,
            }
        )
        settings.set_values()
        lookup = self.env["marketing.email.domain"]._get_lookup()
        self.assertEqual(
            [str(server) for server in lookup.resolver.nameservers],
            ["192.0.2.53", "2001:db8::53"],
        )
        self.assertEqual(lookup.resolver.lifetime, 2.5)
        with self.assertRaises(ValidationError):
            settings.marketing_address_nameservers = "dns.example.com"

    def test_the_word_of_an_administrator_counts(self):
        self.make_partner("ana@inside.dev")
        self.check(FakeNames())
        self.assertEqual(self.state_of("ana@inside.dev")[0], "invalid")
        domain = self.env["marketing.email.domain"].search(
            [("name", "=", "inside.dev")]
        )
        domain.with_user(self.user_manager).kind = "trusted"
        names = FakeNames()
        self.clock.tick(1)
        self.check(names)
        self.assertEqual(self.state_of("ana@inside.dev"), ("valid", False))
        self.assertFalse(names.asked)
        self.clock.tick(1)
        domain.with_user(self.user_manager).kind = "disposable"
        self.check(FakeNames(inside_dev={"MX": ["mx.inside.dev."]}))
        self.assertEqual(self.state_of("ana@inside.dev"), ("risky", "disposable"))

    def test_check_now(self):
        self.make_partner("ana@good.dev")
        self.check(FakeNames(good_dev={"MX": ["mx.good.dev."]}))
        person = self.person_of("ana@good.dev")
        self.clock.tick(1)
        person.with_user(self.user_marketing).action_check_address()
        self.check(FakeNames())
        self.assertEqual(self.state_of("ana@good.dev"), ("invalid", "no_domain"))
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                person.with_user(user).action_check_address()

    # ------------------------------------------------------------------
    # gate
    # ------------------------------------------------------------------

    def test_invalid_addresses_get_no_mail_and_doubtful_ones_do(self):
        self.make_partner("ana@nowhere.dev")
        self.make_partner("bo@silent.dev")
        self.make_partner("info@good.dev")
        self.check(
            FakeNames(
                good_dev={"MX": ["mx.good.dev."]},
                silent_dev=LookupFailedError("timeout"),
            )
        )
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "mailing_domain": "[('email', '=like', '%.dev')]",
                "body_html": "<p>News</p>",
            }
        )
        self.env["marketing.delivery.preview"]._open_for(mailing)
        rows = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)]
        )
        self.assertEqual(
            {row.email: row.outcome for row in rows},
            {
                "ana@nowhere.dev": "invalid_address",
                "bo@silent.dev": "planned",
                "info@good.dev": "planned",
            },
        )

    # ------------------------------------------------------------------
    # suggestions
    # ------------------------------------------------------------------

    def test_a_suggestion_changes_nothing_by_itself(self):
        partner = self.make_partner("ana@gmial.com")
        self.check(FakeNames(gmial_com={"MX": ["mx.gmial.com."]}))
        person = self.person_of("ana@gmial.com")
        self.assertEqual(person.suggested_email, "ana@gmail.com")
        self.assertEqual(partner.marketing_suggested_email, "ana@gmail.com")
        self.assertEqual(partner.email, "ana@gmial.com")

    def test_use_it_for_a_person(self):
        partner = self.make_partner("ana@gmial.com")
        lead = self.make_lead("ana@gmial.com")
        contact = self.make_contact("ana@gmial.com")
        self.happened("form", "ana@gmial.com")
        self.check(None)
        person = self.person_of("ana@gmial.com")
        person.write({"suppression": "bounce", "suppression_date": NOW})
        person.with_user(self.user_marketing).action_use_suggestion()
        self.assertEqual(partner.email, "ana@gmail.com")
        self.assertEqual(lead.email_from, "ana@gmail.com")
        self.assertEqual(contact.email, "ana@gmail.com")
        right = self.person_of("ana@gmail.com")
        self.assertIn("form", self.touchpoints_of("ana@gmail.com"))
        self.assertEqual(right.suppression, "none", "another address bounced")
        self.assertEqual(self.person_of("ana@gmial.com").merged_into_id, right)
        with self.assertRaises(UserError):
            right.with_user(self.user_marketing).action_use_suggestion()

    def test_a_no_goes_with_the_correction(self):
        for name in ("ana", "bo"):
            self.make_partner(f"{name}@gmial.com")
        self.check(None)
        self.person_of("ana@gmial.com").action_suppress()
        self.env["mail.blacklist"]._add("bo@gmial.com")
        persons = self.person_of("ana@gmial.com") | self.person_of("bo@gmial.com")
        persons.action_use_suggestion()
        self.assertEqual(self.person_of("ana@gmail.com").suppression, "manual")
        self.assertTrue(self.person_of("bo@gmail.com").is_blacklisted)

    def test_use_it_for_a_contact_whose_address_nobody_can_read(self):
        partner = self.make_partner("ana@gmail,com")
        self.assertEqual(partner.marketing_suggested_email, "ana@gmail.com")
        partner.action_use_suggested_email()
        self.assertEqual(partner.email, "ana@gmail.com")
        self.assertTrue(partner.marketing_person_id)
        with self.assertRaises(AccessError):
            self.make_partner("bo@gmial.com").with_user(
                self.user_employee
            ).action_use_suggested_email()

    def test_domains_are_the_managers(self):
        domain = self.env["marketing.email.domain"].create({"name": " @Inside.dev "})
        self.assertEqual(domain.name, "inside.dev")
        domain.with_user(self.user_marketing).read(["state"])
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                domain.with_user(user).kind = "trusted"
