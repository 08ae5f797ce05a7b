from odoo import api, fields, models

from odoo.addons.email_marketing_crm.tools.wording import shorten

#: Longer answers are cut; all of them are on the record behind the event.
MAX_ANSWER_LENGTH = 500


class SurveyUserInput(models.Model):
    """Whoever finishes a survey has it in his history, once.

    Tests, people whom nobody can name and colleagues are left out.
    """

    _inherit = "survey.user_input"

    @api.model_create_multi
    def create(self, vals_list):
        answers = super().create(vals_list)
        answers.filtered(lambda answer: answer.state == "done")._capture_finished()
        return answers

    def write(self, vals):
        if vals.get("state") != "done":
            return super().write(vals)
        unfinished = self.filtered(lambda answer: answer.state != "done")
        result = super().write(vals)
        unfinished._capture_finished()
        return result

    def _capture_finished(self):
        """Record who finished a survey, with his answers."""
        answers = self.sudo().filtered(
            lambda answer: (
                not answer.test_entry
                and answer.survey_id._is_for_marketing()
                and (answer.partner_id or answer.email)
            )
        )
        if not answers:
            return
        outsiders = self.env["marketing.person"]._get_outsiders(answers.partner_id.ids)
        events = []
        for survey, group in answers.grouped("survey_id").items():
            # One language for all, so that a segment can ask for a title.
            group = group.with_context(lang=survey.user_id.lang)
            for answer in group:
                if answer.partner_id and answer.partner_id.id not in outsiders:
                    continue
                person_id = outsiders.get(answer.partner_id.id)
                if person_id or self.env["marketing.person"]._normalize(answer.email):
                    events.append(answer._prepare_touchpoint(person_id))
        self.env["marketing.touchpoint"].sudo()._capture(events)

    def _prepare_touchpoint(self, person_id):
        """The event of one finished survey.

        :param person_id: of the contact who was invited or logged in; without one, it
            is whoever has the address that was given
        """
        self.ensure_one()
        data = {"title": self.survey_id.title, "answers": self._get_answers()}
        if self.survey_id.scoring_type != "no_scoring":
            data["score"] = round(self.scoring_percentage)
        values = {
            "type": "survey",
            "person_id": person_id,
            "email": self.email,
            "date": self.end_datetime or fields.Datetime.now(),
            "res_model": self._name,
            "res_id": self.id,
            "data": data,
            "dedup_key": f"survey:{self.id}",
        }
        if person_id:
            values["reliability"] = "human_confirmed"
        return values

    def _get_answers(self):
        """`[{question: answers}]` in words and in order, without what was skipped."""
        answers = {}
        for line in self.user_input_line_ids:
            value = None if line.skipped else line._get_answer_value()
            if value is None or value is False or value == "":
                continue
            if line.matrix_row_id:
                value = f"{line.matrix_row_id.value}: {value}"
            text = shorten(value, MAX_ANSWER_LENGTH)
            answers.setdefault(line.question_id, []).append(text)
        return [{question.title: texts} for question, texts in answers.items()]
