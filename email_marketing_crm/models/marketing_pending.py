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
    def _merge_leads(self, survivor, merged):
        return

    @api.model
    def _merge_persons(self, source_ids, target_id):
        return


class MarketingJourneyParticipant(models.Model):  # founder: journey
    _name = "marketing.journey.participant"
    _description = "Participant"

    @api.model
    def _consume_inbox(self, batch):
        return

    @api.model
    def _run_lane(self, number, count):
        return 0, 0

    @api.model
    def _get_lane_backlog(self, number, count):
        return 0, None

    @api.model
    def _merge_persons(self, source_ids, target_id):
        return
