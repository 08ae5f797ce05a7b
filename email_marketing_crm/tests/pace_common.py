"""Helpers for tests about senders: how many mails leave, and when."""

from datetime import datetime, timedelta

from .common_delivery import DeliveryCase


class PaceCase(DeliveryCase):
    """A sender with a mailing of which everybody is due."""

    @classmethod
    def make_audience(cls, count, domain="example.com", name="p"):
        """A segment of partners with numbered addresses."""
        emails = [f"{name}{number}@{domain}" for number in range(count)]
        cls.env["res.partner"].create(
            [{"name": f"Partner {email}", "email": email} for email in emails]
        )
        return cls.make_segment(*emails, name=f"Audience {name}")

    @classmethod
    def make_sender_mailing(cls, count, **values):
        """A mailing to so many persons; its sender is free."""
        domain = values.pop("domain", "example.com")
        return cls.make_mailing(cls.make_audience(count, domain), **values)

    def setUp(self):
        super().setUp()
        self.taken = []

    def send(self):
        result = super().send()
        self.taken += self.received()
        return result

    def pace(self):
        """Run the pace lane once, as each minute."""
        result = self.env["marketing.sender"]._run_lane(0, 1)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        return result

    def minute(self):
        """Let a minute pass, with everything that happens in it."""
        self.pace()
        self.compose()
        self.send()
        self.clock.tick(60)

    def hour(self):
        """Let the hour pass to its end, lane by lane; some minutes are enough."""
        end = datetime.now().replace(minute=0, second=0) + timedelta(hours=1)
        while datetime.now() < end:
            self.pace()
            self.compose()
            self.send()
            self.clock.move_to(min(datetime.now() + timedelta(minutes=19), end))

    def sent_count(self, mailing):
        return len(self.deliveries_of(mailing).filtered(lambda d: d.state == "sent"))

    def waits_of(self, mailing):
        """`{reason: mails}` of what waits."""
        counts = {}
        for delivery in self.deliveries_of(mailing):
            if delivery.state == "planned":
                reason = delivery.wait_reason or None
                counts[reason] = counts.get(reason, 0) + 1
        return counts
