"""Helpers for erasures, and for what the database still knows afterwards."""

from .common_delivery import DeliveryCase


class ErasureCase(DeliveryCase):
    """Ana, who is known to all of the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner(
            "ana@example.com",
            name="Ana Quintela",
            phone="+351 21 987 1234",
            comment="Met at the fair",
        )
        cls.person = cls.person_of("ana@example.com")

    def erase(self, person=None, **values):
        wizard = (
            self.env["marketing.person.erase"]
            .with_user(self.user_manager)
            .with_context(active_ids=(person or self.person).ids)
            .create(values)
        )
        action = wizard.action_erase()
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        return self.env["marketing.privacy.request"].browse(action["res_id"])

    def run_worker(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "email_marketing_crm.ir_cron_privacy_request"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def everything_about(self, *words):
        """Tables of the database that still know one of these words."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT table_name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND (table_name LIKE 'marketing_%'
                    OR table_name IN ('res_partner', 'crm_lead', 'mailing_contact',
                                      'mailing_trace', 'mail_mail', 'mail_message',
                                      'mail_blacklist', 'mail_tracking_value',
                                      'link_tracker_click', 'mailing_subscription'))
            """
        )
        found = []
        for (table,) in self.env.cr.fetchall():
            for word in words:
                self.env.cr.execute(
                    f'SELECT 1 FROM "{table}" row'
                    " WHERE row_to_json(row)::text ILIKE %s LIMIT 1",
                    [f"%{word}%"],
                )
                if self.env.cr.fetchall():
                    found.append((table, word))
        return found
