"""Whatever happens in whatever order: who said no is not mailed.

A machine lets staff, imports, other systems, merges and people themselves do what they
do, and after each step asks the real gates who would get a mailing: to contacts, to
leads, of a topic, to the topic's list. Against it stands the simplest memory there can
be: the addresses whose owners said no, and have not confirmed since that they want
mail. Staff taking somebody off the blacklist on purpose is not among the steps.

`EMC_EXAMPLES` is the number of stories, 30 without it.
"""

from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..hooks import build_persons
from ..models.marketing_delivery_plan import PLAN_GATES
from .common_delivery import DeliveryCase
from .import_common import ImportCase
from .machine_common import run_stories

ADDRESSES = [f"{name}@consent.example" for name in ("ana", "bo")]
EVERYTHING, TOPIC, PLAIN = "everything", "topic", "plain list"
COMING = (
    "contact",
    "lead",
    "lead becomes contact",
    "import",
    "list import",
    "plain list import",
    "our import",
    "event",
    "installation",
)
NO_TO_EVERYTHING = (
    "blacklist",
    "stop everything",
    "complaint",
    "suppression list",
    "erasure",
    "erasure, records kept",
)
OTHERS_YES = (
    "staff adds",
    "staff adds to the plain list",
    "plain list takes contacts",
    "staff ticks",
    "staff ticks with a forged context",
    "blacklist import",
    "records are archived and back",
    "topic gets the list anew",
    "form in",
    "list in",
    "import in",
    "api in",
    "merge in",
    "form pending",
    "api pending",
)

addresses = st.sampled_from(ADDRESSES)
_numbers = count(1)


class ConsentMachine(RuleBasedStateMachine):
    """One story; the database is what it was before when it ends."""

    case: "TestConsentProperties"

    def __init__(self):
        super().__init__()
        self.env = self.case.env
        self.savepoint = self.env.cr.savepoint()
        #: (address, EVERYTHING, TOPIC or PLAIN) of those who said no
        self.refused = set()

    def teardown(self):
        self.env.cr.precommit.clear()
        self.env.invalidate_all(flush=False)
        self.savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        self.env.registry.clear_cache()

    # ------------------------------------------------------------------
    # the memory
    # ------------------------------------------------------------------

    def get_family(self, address):
        """All addresses of the person an address belongs to."""
        persons = self.env["marketing.person"]
        person = persons.search([("email_normalized", "=", address)])
        return {address, *person._get_identities().mapped("email_normalized")}

    def share_refusals(self):
        """Two persons became one: the no of either is the no of both."""
        self.refused |= {
            (one, what)
            for address, what in self.refused
            for one in self.get_family(address)
        }

    # ------------------------------------------------------------------
    # records come and go together
    # ------------------------------------------------------------------

    @initialize()
    def know_everybody(self):
        for address in ADDRESSES:
            self.case.make_partner(address)
            self.case.make_lead(address)
            lists = self.case.newsletter | self.case.plain
            self.case.make_contact(address, lists=lists)

    @rule(address=addresses, how=st.sampled_from(COMING))
    def come(self, address, how):
        if how == "contact":
            self.case.make_partner(address)
        elif how == "lead":
            self.case.make_lead(address)
        elif how == "import":
            partners = self.env["res.partner"].with_context(import_file=True)
            assert partners.load(["name", "email"], [["Ana", address]])["ids"]
        elif how == "lead becomes contact":
            leads = self.env["crm.lead"].search(
                [("email_normalized", "=", address), ("partner_id", "=", False)]
            )
            if leads:
                leads[0].convert_opportunity(leads[0]._create_customer())
        elif how in ("list import", "plain list import"):
            mailing_list = self.case.newsletter if how[0] == "l" else self.case.plain
            contacts = self.env["mailing.contact"].with_context(import_file=True)
            result = contacts.load(
                ["name", "email", "subscription_ids/list_id/.id"],
                [["Ana", address, str(mailing_list.id)]],
            )
            assert result["ids"], result["messages"]
        elif how == "our import":
            job = self.case.make_import(f"name,email\nAna Pereira,{address}\n")
            assert self.case.run_import(job).state == "done"
        elif how == "event":
            result = self.env["marketing.touchpoint"].report_events(
                [{"id": next(_numbers), "type": "form", "email": address}]
            )
            assert not result["errors"]
        else:
            build_persons(self.env)

    @rule(old=addresses, new=addresses)
    def change_address(self, old, new):
        self.case.partners_of(old)[:1].write({"email": new})

    @rule(address=addresses)
    def forget_list_contacts(self, address):
        """Staff deletes list contacts, and with them Odoo's memory of opt-outs."""
        self.env["mailing.contact"].search(
            [("email_normalized", "=", address)]
        ).unlink()

    @rule(kept=addresses, former=addresses, model=st.sampled_from(["partner", "lead"]))
    def merge(self, kept, former, model):
        if model == "partner":
            pair = self.case.partners_of(kept)[:1] | self.case.partners_of(former)[-1:]
            if len(pair) == 2:
                self.env["base.partner.merge.automatic.wizard"]._merge(
                    pair.ids, pair[0]
                )
        else:
            leads = self.env["crm.lead"].search(
                [("email_normalized", "in", [kept, former])]
            )
            if len(leads) > 1:
                leads.merge_opportunity()
        self.share_refusals()

    # ------------------------------------------------------------------
    # people say no
    # ------------------------------------------------------------------

    @rule(address=addresses, how=st.sampled_from(NO_TO_EVERYTHING))
    def want_no_mail(self, address, how):
        person = self.case.make_person(address)
        family = self.get_family(address)
        if how == "blacklist":
            self.env["mail.blacklist"]._add(address)
        elif how == "stop everything":
            person._stop_everything({"source": "page"})
        elif how == "complaint":
            self.case.happened("complaint", address)
            self.case.run_inbox()
        elif how == "suppression list":
            self.env["marketing.suppression"]._suppress([address], "opted_out_import")
        else:
            self.env["marketing.privacy.request"]._request_erasure(
                person, "request", keep_records=how == "erasure, records kept"
            )
        self.refused |= {(one, EVERYTHING) for one in family}

    @rule(address=addresses, how=st.sampled_from(["list", "page", "mail", "api"]))
    def leave_the_topic(self, address, how):
        if how == "list":
            subscriptions = self.case.subscriptions_of(address)
            if not subscriptions:
                return
            subscriptions.write({"opt_out": True})
        else:
            self.env["marketing.consent"]._set_state(
                self.case.make_person(address).ids,
                self.case.topic,
                "out",
                {"source": how},
            )
        self.refused |= {(one, TOPIC) for one in self.get_family(address)}

    @rule(address=addresses)
    def leave_the_plain_list(self, address):
        subscriptions = self.case.subscriptions_of(address, self.case.plain)
        if subscriptions:
            subscriptions.write({"opt_out": True})
            self.refused |= {(one, PLAIN) for one in self.get_family(address)}

    # ------------------------------------------------------------------
    # others say yes, which means nothing to who said no
    # ------------------------------------------------------------------

    @rule(address=addresses, how=st.sampled_from(OTHERS_YES))
    def others_say_yes(self, address, how):
        if how == "staff adds":
            self.case.make_contact(address, lists=self.case.newsletter)
        elif how == "staff adds to the plain list":
            self.case.make_contact(address, lists=self.case.plain)
        elif how == "plain list takes contacts":
            contacts = self.env["mailing.contact"].search(
                [("email_normalized", "=", address)]
            )
            self.case.plain.write({"contact_ids": [Command.unlink(contacts[:1].id)]})
            self.case.plain.write(
                {"contact_ids": [Command.link(contact.id) for contact in contacts]}
            )
        elif how == "staff ticks":
            self.case.subscriptions_of(address).write({"opt_out": False})
        elif how == "staff ticks with a forged context":
            self.case.subscriptions_of(address).with_context(
                marketing_consent_follows=True,
                marketing_consent_evidence={"source": "page", "is_confirmed": True},
            ).write({"opt_out": False})
        elif how == "blacklist import":
            result = self.env["mail.blacklist"].load(
                ["email", "active"], [[address, "False"]]
            )
            assert result["ids"] or result["messages"]
        elif how == "records are archived and back":
            partners = self.case.partners_of(address)
            partners.action_archive()
            self.env.flush_all()
            partners.action_unarchive()
        elif how == "topic gets the list anew":
            self.case.topic.mailing_list_id = False
            self.case.topic.mailing_list_id = self.case.newsletter
        else:
            source, _space, state = how.partition(" ")
            self.env["marketing.consent"]._set_state(
                self.case.make_person(address).ids,
                self.case.topic,
                state,
                {"source": source},
            )

    # ------------------------------------------------------------------
    # the person says yes
    # ------------------------------------------------------------------

    @precondition(lambda self: self.refused)
    @rule(address=addresses)
    def confirm(self, address):
        """He pressed the button behind the link that was mailed to him."""
        person = self.case.make_person(address)
        self.case.make_request(person)._confirm({"ip": "198.51.100.7"})
        family = self.get_family(address)
        self.refused = {
            (one, what)
            for one, what in self.refused
            if one not in family or what == PLAIN
        }

    # ------------------------------------------------------------------
    # what must hold
    # ------------------------------------------------------------------

    @invariant()
    def who_said_no_is_not_mailed(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        everything = {one for one, what in self.refused if what == EVERYTHING}
        topic = {one for one, what in self.refused if what == TOPIC}
        plain = {one for one, what in self.refused if what == PLAIN}
        for mailing in self.case.mailings:
            forbidden = everything
            if mailing.contact_list_ids == self.case.plain:
                forbidden = everything | plain
            elif mailing.marketing_topic_id:
                forbidden = everything | topic
            mailed = self.case.get_mailed(mailing) & forbidden
            assert not mailed, f"{mailing.subject} goes to {mailed}"


@tagged("post_install", "-at_install")
class TestConsentProperties(DeliveryCase, ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.newsletter = cls.env["mailing.list"].create(
            {"name": "Newsletter", "is_public": True}
        )
        cls.topic = cls.env["marketing.topic"].create(
            {"name": "News", "mailing_list_id": cls.newsletter.id}
        )
        cls.plain = cls.env["mailing.list"].create({"name": "Invited guests"})
        domain = repr([("email_normalized", "in", ADDRESSES)])
        contacts, leads, of_topic = (
            cls.make_mailing(
                subject=subject,
                mailing_model_id=cls.env["ir.model"]._get_id(model),
                mailing_domain=domain,
                marketing_topic_id=topic.id,
            )
            for subject, model, topic in (
                ("To contacts", "res.partner", cls.topic.browse()),
                ("To leads", "crm.lead", cls.topic.browse()),
                ("Topic to contacts", "res.partner", cls.topic),
            )
        )
        to_list = cls.make_list_mailing(cls.newsletter, subject="To the list")
        to_plain_list = cls.make_list_mailing(
            cls.plain, subject="To the list without a topic"
        )
        cls.mailings = contacts | leads | of_topic | to_list | to_plain_list

    @classmethod
    def partners_of(cls, address):
        return cls.env["res.partner"].search([("email_normalized", "=", address)])

    @classmethod
    def subscriptions_of(cls, address, mailing_list=None):
        return cls.env["mailing.subscription"].search(
            [
                ("contact_id.email_normalized", "=", address),
                ("list_id", "=", (mailing_list or cls.newsletter).id),
            ]
        )

    @classmethod
    def make_person(cls, address):
        """The person of an address, made where nobody has it yet."""
        persons = cls.env["marketing.person"]
        return persons.browse(persons._get_or_create_ids([address])[address])

    def make_request(self, person):
        return self.env["marketing.consent.request"].create(
            {
                "person_id": person.id,
                "topic_ids": [Command.set(self.topic.ids)],
                "token_hash": f"{next(_numbers):064}",
                "date": self.clock(),
                "expiry_date": "2030-01-01",
            }
        )

    @classmethod
    def get_mailed(cls, mailing):
        """Addresses that a plan made now would mail, by the gates of the plan."""
        deliveries = cls.env["marketing.delivery"]
        audience = deliveries._get_audience(mailing)
        rows = cls.env.execute_query(
            SQL(
                "SELECT email FROM (SELECT candidate.email, %s AS reason FROM (%s)"
                " candidate) gated WHERE reason IS NULL",
                deliveries._get_reason(mailing, PLAN_GATES),
                deliveries._get_owned(deliveries._get_audience_candidates(audience)),
            )
        )
        return {email for (email,) in rows}

    def test_who_wants_mail_gets_it(self):
        """The machine would prove nothing if nobody were ever mailed."""
        self.make_partner(ADDRESSES[0])
        self.make_lead(ADDRESSES[0])
        self.make_contact(ADDRESSES[0], lists=self.newsletter | self.plain)
        self.make_request(self.person_of(ADDRESSES[0]))._confirm({})
        self.env.flush_all()
        for mailing in self.mailings:
            with self.subTest(mailing=mailing.subject):
                self.assertEqual(self.get_mailed(mailing), {ADDRESSES[0]})

    def test_no_order_of_events_makes_who_said_no_mailable(self):
        run_stories(self, ConsentMachine, examples=30, steps=12)

    def test_staff_cannot_tick_somebody_back_who_left(self):
        self.make_contact(ADDRESSES[0], lists=self.newsletter)
        subscription = self.subscriptions_of(ADDRESSES[0])
        subscription.opt_out = True
        self.env.flush_all()
        subscription.opt_out = False
        self.env.flush_all()
        [to_list] = self.mailings.filtered(
            lambda mailing: mailing.contact_list_ids == self.newsletter
        )
        self.assertEqual(self.get_mailed(to_list), set())
        self.assertTrue(subscription.opt_out)
