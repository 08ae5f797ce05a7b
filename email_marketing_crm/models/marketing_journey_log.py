from odoo import api, fields, models


class MarketingJourneyLog(models.Model):
    """The story of a participant: one line for everything that happened to him.

    Written by SQL, in the transaction of what it tells, and never changed. A `step`
    line says that a step was carried out and by which edge it was left; the unique
    index makes that impossible to happen twice. The other events: `entered`, `error`
    (a step failed for good), `retried` and `left`. Words are made when a line is
    read, in the reader's language.
    """

    _name = "marketing.journey.log"
    _description = "Journey Log"
    _order = "date DESC, id DESC"
    _rec_name = "event"
    _log_access = False

    participant_id = fields.Many2one(
        "marketing.journey.participant",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    journey_id = fields.Many2one(related="participant_id.journey_id")
    person_id = fields.Many2one(related="participant_id.person_id")
    step_id = fields.Many2one(
        "marketing.journey.step", readonly=True, ondelete="cascade"
    )
    visit = fields.Integer(
        readonly=True, help="Pass of the person through the journey."
    )
    date = fields.Datetime(required=True, readonly=True)
    event = fields.Selection(
        [
            ("entered", "Entered"),
            ("step", "Step done"),
            ("error", "Failed"),
            ("retried", "Tried again"),
            ("left", "Left"),
        ],
        required=True,
        readonly=True,
    )
    outcome = fields.Char(readonly=True, help="Edge taken, or why somebody left.")
    detail = fields.Char(readonly=True)
    description = fields.Char("What Happened", compute="_compute_description")

    # No step is carried out twice in one pass.
    _step_unique = models.UniqueIndex(
        "(participant_id, step_id, visit) WHERE event = 'step'",
        "This step was done already.",
    )
    # The story of a participant.
    _participant = models.Index("(participant_id, id)")
    # How many passed a step by which edge.
    _step_outcome = models.Index("(step_id, outcome) WHERE event = 'step'")

    @api.depends("event", "outcome", "detail", "step_id")
    def _compute_description(self):
        reasons = dict(
            self.env["marketing.journey.participant"]
            ._fields["exit_reason"]
            ._description_selection(self.env)
        )
        for line in self:
            if line.event == "step":
                text = line._describe_step()
            elif line.event == "left":
                reason = reasons.get(line.outcome, line.outcome)
                text = self.env._("Left the journey: %s", reason)
            elif line.event == "error":
                text = self.env._("The step failed again and again and was given up.")
            elif line.event == "retried":
                text = self.env._("The failed step is tried again.")
            else:
                text = self.env._("Entered the journey.")
            if line.detail and line.event != "step":
                text = f"{text} ({line.detail})"
            line.description = text

    def _describe_step(self):
        """What became of a step, e.g. why a wait for an event was left by "no"."""
        describe = getattr(self, f"_describe_{self.step_id.kind}", None)
        return describe() if describe else self.step_id.summary

    def _describe_mail(self):
        return self.env._("The mail was handed to delivery.")

    def _describe_wait(self):
        return self.env._("The time was over.")

    def _describe_wait_event(self):
        event = self.step_id.event_type_id.name
        if self.outcome == "yes":
            return self.env._("It happened (%s): went on by “yes”.", event)
        if self.detail == "timeout":
            return self.env._("It did not happen in time (%s): “no”.", event)
        return self.env._(
            "The mail was not sent (%s): went on by “no” at once.",
            self._get_skip_label(self.detail),
        )

    @api.model
    def _get_skip_label(self, reason):
        """Words for the reason why a delivery was skipped."""
        fields_ = self.env["marketing.delivery"]._fields
        labels = {
            **dict(fields_["state"]._description_selection(self.env)),
            **dict(fields_["reason"]._description_selection(self.env)),
        }
        return labels.get(reason) or reason or self.env._("unknown reason")

    def _describe_tag(self):
        return self.step_id.summary

    def _describe_handoff(self):
        if self.detail == "left_out":
            return self.env._(
                "Not offered to sales: the policy left the person out, for example "
                "because of an open or recent hand-off."
            )
        return self.env._("Offered to sales.")

    # ------------------------------------------------------------------
    # WRITE
    # ------------------------------------------------------------------

    @api.model
    def _write_lines(self, participant_ids, event, outcome=None, detail=None):
        """Add the same line to the stories of participants, at their present step."""
        if not participant_ids:
            return
        self.env.cr.execute(
            """
            INSERT INTO marketing_journey_log
                        (participant_id, step_id, visit, date, event, outcome, detail)
            SELECT id, step_id, visit, %s, %s, %s, %s
              FROM marketing_journey_participant
             WHERE id = ANY(%s)
            """,
            [fields.Datetime.now(), event, outcome, detail, list(participant_ids)],
        )
        self.invalidate_model()
