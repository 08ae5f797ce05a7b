"""Helpers for imports: a trade fair, and the verbs of an import."""

import base64

from .common import MarketingCase


class ImportCase(MarketingCase):
    """Visitors of a trade fair, from a file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fair = cls.env["marketing.acquisition.source"].create(
            {"name": "Pump fair", "kind": "event", "legal_basis": "consent"}
        )
        cls.germany = cls.env.ref("base.de")

    def make_import(self, text, user=None, **values):
        """An import of a file, with its columns read."""
        content = text if isinstance(text, bytes) else text.encode()
        job = (
            self.env["marketing.import"]
            .with_user(user or self.user_marketing)
            .create(
                {
                    "file": base64.b64encode(content),
                    "file_name": "visitors.csv",
                    "source_id": self.fair.id,
                    "relationship": "prospect",
                    **values,
                }
            )
        )
        job.action_read_file()
        return job

    def run_import(self, job):
        """Check, start, and let the lane do all there is."""
        if job.state == "draft":
            job.action_check()
        if job.state == "checked":
            job.action_start()
        self.run_lane()
        job.invalidate_recordset()
        return job

    def run_lane(self):
        for _run in range(50):
            _processed, remaining = self.env["marketing.import"]._run_lane(0, 1)
            self.env.cr.precommit.run()
            if not remaining:
                return
        raise AssertionError("The import does not end")

    def do_import(self, text, **values):
        return self.run_import(self.make_import(text, **values))

    def outcomes_of(self, job):
        return [(line.number, line.state) for line in job.line_ids]

    def contact_of(self, email):
        return self.env["res.partner"].search([("email", "=", email)])
