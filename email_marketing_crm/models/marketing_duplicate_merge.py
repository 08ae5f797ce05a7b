"""What the merge of two persons, or of two contacts, does."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.duplicates import SCORES, get_name_key, is_original


class MarketingDuplicate(models.Model):
    _inherit = "marketing.duplicate"

    def _get_better_side(self):
        """`first` or `second`: whom to keep unless the user says otherwise.

        The address without plus and typo, then the one with more history, then the
        older one.
        """
        self.ensure_one()
        sides = {}
        for side in ("first", "second"):
            person = self[f"{side}_person_id"].sudo()
            sides[side] = (
                is_original(person.email_normalized),
                bool(person.partner_ids),
                person.touchpoint_count,
                -self[f"{side}_id"],
            )
        return max(sides, key=sides.get)

    def _get_side_of(self, record_id, survivors):
        """The side that a record is, or the one it was merged into; None for none.

        :param survivors: `{merged record: record it was merged into}`
        """
        self.ensure_one()
        while record_id in survivors:
            record_id = survivors[record_id]
        sides = {self.first_id: "first", self.second_id: "second"}
        return sides.get(record_id)

    def _merge_pair(self, keep, with_contacts=True):
        """Merge the two; the pair stays as the record of it.

        :param keep: `first` or `second`
        :param with_contacts: of persons, merge their contacts of the same name, too
        :raises UserError: when Odoo refuses, saying why
        """
        self.ensure_one()
        other = "second" if keep == "first" else "first"
        self.sudo().write(
            {
                "state": "merged",
                "user_id": self.env.uid,
                "decided_date": fields.Datetime.now(),
            }
        )
        target_id, source_id = self[f"{keep}_id"], self[f"{other}_id"]
        if self.res_model == "res.partner":
            partners = self.env["res.partner"]
            self._merge_contacts(partners.browse(source_id), partners.browse(target_id))
        else:
            persons = self.env["marketing.person"]
            persons.browse(source_id)._merge_with_records(
                persons.browse(target_id), with_contacts
            )

    @api.model
    def _merge_contacts(self, source, target):
        """Odoo's own merge of contacts; the addresses of a pair may differ."""
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard.check_access("create")
        (source | target).check_access("write")
        wizard._merge((source | target).ids, target, extra_checks=False)


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    def action_merge_by_hand(self):
        """Merge two persons whom the search for duplicates does not take for one."""
        if len(self) != 2 or self.merged_into_id:
            raise UserError(self.env._("Select the two persons who are one."))
        self.check_access("read")
        pairs = self.env["marketing.duplicate"].sudo()
        first, second = self.sorted("id")
        pair = pairs.search(
            [
                ("res_model", "=", self._name),
                ("first_id", "=", first.id),
                ("second_id", "=", second.id),
            ]
        ) or pairs.create(
            {
                "res_model": self._name,
                "first_id": first.id,
                "second_id": second.id,
                "first_person_id": first.id,
                "second_person_id": second.id,
                "reason": "hand",
                "reasons": "hand",
                "score": SCORES["hand"],
                "date": fields.Datetime.now(),
            }
        )
        pair.action_reopen()
        return pair.with_env(self.env).action_merge()

    def _merge_with_records(self, target, with_contacts=False):
        """Make this person one with `target`, its records included.

        Its address becomes another one of the target: later events of it count there.
        """
        self.ensure_one()
        if not self.env.user.has_group("email_marketing_crm.group_marketing_manager"):
            raise AccessError(
                self.env._("Only marketing managers merge persons. Ask one of them.")
            )
        (self | target).check_access("read")
        source, target = self.sudo(), target.sudo()
        if source.merged_into_id or target.merged_into_id or source == target:
            raise UserError(
                self.env._("One of these persons was merged in the meantime.")
            )
        if with_contacts:
            self._merge_contacts_alike(target)
        if not source.merged_into_id:  # else with the last of its contacts
            source._take_records_to(target)
            source._merge_into(target)

    def _take_records_to(self, target):
        """Let the records of this person be the target's."""
        for model in self._get_record_models():
            self.env[model].flush_model(["marketing_person_id"])
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET marketing_person_id = %s"
                    " WHERE marketing_person_id = %s",
                    SQL.identifier(self.env[model]._table),
                    target.id,
                    self.id,
                )
            )
            self.env[model].invalidate_model(["marketing_person_id"])

    def _merge_contacts_alike(self, target):
        """Merge the contacts of this person with those of the same name there."""
        targets = {}
        for partner in target.partner_ids.sorted("id", reverse=True):
            targets[get_name_key(partner.name), partner.company_id] = partner
        for source in self.sudo().partner_ids:  # rarely more than one
            found = targets.get((get_name_key(source.name), source.company_id))
            if found:
                self.env["marketing.duplicate"]._merge_contacts(
                    source.with_env(self.env), found.with_env(self.env)
                )
