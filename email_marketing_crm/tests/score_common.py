"""Helpers for tests of scores: a model with its rules, and what people did."""

from .common import MarketingCase

ANA = "ana@pumps.example"
BO = "bo@valves.example"


class ScoreCase(MarketingCase):
    """One primary model of our own, so that the shipped one may change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketing.score.model"].search([]).active = False
        cls.types = {
            record.code: record
            for record in cls.env["marketing.touchpoint.type"].search([])
        }
        cls.model = cls.make_model()
        cls.click = cls.make_rule("clicked", 5)
        cls.env.cr.precommit.run()
        cls.env.cr.execute("DELETE FROM marketing_inbox")

    @classmethod
    def make_model(cls, **values):
        values = {"name": "Buyers", "sequence": 1, "half_life_days": 30} | values
        return cls.env["marketing.score.model"].create(values)

    @classmethod
    def make_rule(cls, code, points, model=None, **values):
        return cls.env["marketing.score.rule"].create(
            {
                "model_id": (model or cls.model).id,
                "kind": "behaviour",
                "type_id": cls.types[code].id,
                "points": points,
                **values,
            }
        )

    @classmethod
    def make_fit(cls, name, domain, points, record_model="res.partner", **values):
        return cls.env["marketing.score.rule"].create(
            {
                "model_id": cls.model.id,
                "kind": "fit",
                "name": name,
                "record_model": record_model,
                "domain": repr(domain),
                "points": points,
                **values,
            }
        )

    def clicked(self, email, date=None, **values):
        values = {"reliability": "human_confirmed"} | values
        self.happened("clicked", email, date=date, **values)

    def score_of(self, email, model=None):
        self.env.invalidate_all()
        return self.env["marketing.score"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("model_id", "=", (model or self.model).id),
            ]
        )

    def points_of(self, email, model=None):
        return self.score_of(email, model).score

    def sum_of_lines(self, score):
        return sum(score.line_ids.mapped("value"))


class FormScoreCase(ScoreCase):
    """Each form brings 20 points more, without an upper limit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.maximum = 0
        cls.form = cls.make_rule("form", 20)
