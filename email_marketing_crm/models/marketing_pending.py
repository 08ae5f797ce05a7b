"""TEMPORARY: names of models whose founders have not landed yet.

When you land yours, delete its class here (and this file with the last one).
"""

from odoo import api, fields, models


class MarketingLifecycleStage(models.Model):  # founder: handoff
    _name = "marketing.lifecycle.stage"
    _description = "Stage"

    name = fields.Char()


class MarketingLifecycleMove(models.Model):  # founder: handoff
    _name = "marketing.lifecycle.move"
    _description = "Move"

    @api.model
    def _merge_persons(self, source_ids, target_id):
        return


class MarketingHandoffPolicy(models.Model):  # founder: handoff
    _name = "marketing.handoff.policy"
    _description = "Policy"

    @api.model
    def _consume_inbox(self, batch):
        return


class MarketingHandoff(models.Model):  # founder: handoff
    _name = "marketing.handoff"
    _description = "Hand-off"

    @api.model
    def _offer_persons(self, person_ids, policy=None, cause="", source=None):
        return self.browse()

    @api.model
    def _merge_leads(self, survivor, merged):
        return

    @api.model
    def _merge_persons(self, source_ids, target_id):
        return
