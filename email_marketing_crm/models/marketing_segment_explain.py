"""Why a person is in a segment, or why not: the screen of the verdicts."""

from odoo import Command, api, fields, models
from odoo.tools import format_datetime


class MarketingSegmentExplain(models.TransientModel):
    """One person looked at by one segment; both can be chosen.

    The lines are the conditions of the segment with what they say about the person
    now (`marketing.segment._get_verdicts`); `summary` says whether the person is a
    member, since when and by whose decision.
    """

    _name = "marketing.segment.explain"
    _description = "Why a Person Is in a Segment"

    segment_id = fields.Many2one("marketing.segment", required=True)
    person_id = fields.Many2one("marketing.person", required=True)
    standing = fields.Selection(
        [
            ("member", "Member"),
            ("manual", "Member, by hand"),
            ("excluded", "Kept out, by hand"),
            ("entering", "Will be a member"),
            ("leaving", "Will leave"),
            ("outside", "Not a member"),
        ],
        readonly=True,
    )
    summary = fields.Char(readonly=True)
    line_ids = fields.One2many(
        "marketing.segment.explain.line", "explain_id", readonly=True
    )

    @api.onchange("segment_id", "person_id")
    def _onchange_question(self):
        self.update(self._prepare_answer())

    @api.model_create_multi
    def create(self, vals_list):
        questions = super().create(vals_list)
        for question in questions:
            question.write(question._prepare_answer())
        return questions

    def _prepare_answer(self):
        """Values of the fields that answer."""
        self.ensure_one()
        if not self.segment_id or not self.person_id:
            return {
                "standing": False,
                "summary": False,
                "line_ids": [Command.clear()],
            }
        self.segment_id.check_access("read")
        self.person_id.check_access("read")
        person_id = self.person_id.id
        verdicts = self.segment_id._get_verdicts([person_id])[person_id]
        standing, since = self._get_standing([is_met for _l, is_met, _d in verdicts])
        return {
            "standing": standing,
            "summary": self._get_summary(standing, since, verdicts),
            "line_ids": [Command.clear()]
            + [
                Command.create(
                    {
                        "name": label,
                        "verdict": "yes" if is_met else "no",
                        "detail": detail,
                    }
                )
                for label, is_met, detail in verdicts
            ],
        }

    def _get_standing(self, verdicts):
        """How the person stands, and since when.

        :param verdicts: whether each of the conditions is met
        """
        member = self.env["marketing.segment.member"].search(
            [
                ("segment_id", "=", self.segment_id.id),
                ("person_id", "=", self.person_id.id),
            ]
        )
        if member.state == "excluded":
            return "excluded", member.since
        if member.origin == "manual":
            return "manual", member.since
        if member:
            return ("member" if all(verdicts) else "leaving"), member.since
        return ("entering" if verdicts and all(verdicts) else "outside"), None

    def _get_summary(self, standing, since, verdicts):
        date = format_datetime(self.env, since) if since else ""
        name = self.person_id.display_name
        if standing == "member":
            return self.env._(
                "%(name)s is a member since %(date)s and meets every condition.",
                name=name,
                date=date,
            )
        if standing == "manual":
            return self.env._(
                "%(name)s was made a member by hand on %(date)s, whatever the "
                "conditions say.",
                name=name,
                date=date,
            )
        if standing == "excluded":
            return self.env._(
                "%(name)s is kept out by hand since %(date)s, whatever the conditions "
                "say.",
                name=name,
                date=date,
            )
        if standing == "leaving":
            return self.env._(
                "%(name)s is a member since %(date)s, but does not meet every "
                "condition any more and leaves with the next refresh.",
                name=name,
                date=date,
            )
        if standing == "entering":
            return self.env._(
                "%s meets every condition and enters with the next refresh.", name
            )
        missing = sum(not is_met for _label, is_met, _detail in verdicts)
        return self.env._(
            "%(name)s is not a member: %(missing)s of %(total)s conditions are not "
            "met.",
            name=name,
            missing=missing,
            total=len(verdicts),
        )

    def action_keep_out(self):
        """Keep the person out by hand, and say what follows from it."""
        return self._decide(
            lambda segment: segment._exclude_persons(self.person_id.ids)
        )

    def action_follow_conditions(self):
        """Let the conditions decide about the person again."""
        return self._decide(
            lambda segment: segment._follow_conditions(self.person_id.ids)
        )

    def _decide(self, decide):
        self.ensure_one()
        self.segment_id.check_access("write")
        self.person_id.check_access("read")
        decide(self.segment_id.sudo())
        self.write(self._prepare_answer())
        return self._open()

    @api.model
    def _ask(self, segment=None, person=None):
        """The screen: at once with an answer where both are known."""
        self.check_access("create")
        if segment and person:
            values = {"segment_id": segment.id, "person_id": person.id}
            return self.create(values)._open()
        defaults = {}
        if segment:
            defaults["default_segment_id"] = segment.id
        if person:
            defaults["default_person_id"] = person.id
        return self._open() | {"res_id": False, "context": defaults}

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why in, Why Not"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class MarketingSegmentExplainLine(models.TransientModel):
    """A condition of the segment, and what it says about the person."""

    _name = "marketing.segment.explain.line"
    _description = "Verdict of a Condition"
    _order = "id"

    explain_id = fields.Many2one(
        "marketing.segment.explain", required=True, readonly=True, ondelete="cascade"
    )
    name = fields.Text("Condition", readonly=True)
    verdict = fields.Selection([("yes", "Yes"), ("no", "No")], readonly=True)
    detail = fields.Text("What Was Found", readonly=True)


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def action_explain(self):
        """Choose a person and see why he is in the segment, or why not."""
        self.ensure_one()
        return self.env["marketing.segment.explain"]._ask(segment=self)


class MarketingSegmentMember(models.Model):
    _inherit = "marketing.segment.member"

    def action_explain(self):
        self.ensure_one()
        return self.env["marketing.segment.explain"]._ask(
            segment=self.segment_id, person=self.person_id
        )


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    def action_explain_segment(self):
        """Choose a segment and see why the person is in it, or why not."""
        self.ensure_one()
        return self.env["marketing.segment.explain"]._ask(person=self)
