from odoo import models
from odoo.exceptions import UserError, ValidationError

from ..tools.journey_tree import Node, is_ancestor


class MarketingJourneyStep(models.Model):
    """Where a step stands in the tree, and what moves when one comes or goes.

    A step that is put where another one follows goes between; what followed a step
    that is removed moves up. See `tools/journey_tree.py` for the shape.
    """

    _inherit = "marketing.journey.step"

    def _get_node(self):
        return Node(self.id, self.parent_id.id or None, self.edge or None, self.kind)

    def _get_rivals(self):
        """Other steps that follow the same step by the same edge."""
        self.ensure_one()
        return self.version_id.step_ids.filtered(
            lambda other: (
                other != self
                and other.parent_id == self.parent_id
                and (other.edge == self.edge or not self.parent_id)
            )
        )

    def _make_room(self):
        """Put a new step between its parent and what followed there so far."""
        follower = self._get_rivals()[:1]
        edges = self._get_kind_edges()[self.kind]
        if follower and not edges:
            raise ValidationError(
                self.env._(
                    "The journey cannot end before “%s”. Remove that step first.",
                    follower.display_name,
                )
            )
        if follower:
            follower._place(self, edges[0])

    def _close_gap(self, removed):
        """Let the only follower take the place of a step that is removed."""
        children = self.child_ids - removed
        if len(children) > 1:
            raise UserError(
                self.env._(
                    "Steps follow “%s” on both branches. Remove one branch first.",
                    self.display_name,
                )
            )
        if children:
            children._place(self.parent_id, self.edge)

    def _place(self, parent, edge):
        """Move a step, while the places around it are being changed as well."""
        self.with_context(marketing_journey_moving=True).write(
            {"parent_id": parent.id, "edge": edge}
        )

    # ------------------------------------------------------------------
    # CHECK
    # ------------------------------------------------------------------

    def _check_place(self):
        """Refuse a place that no tree of steps can have, in words."""
        for version in self.version_id:
            nodes = version._get_nodes()
            for step in self & version.step_ids:
                step._check_parent(nodes)
                step._check_edges()

    def _check_parent(self, nodes):
        if self.parent_id.version_id - self.version_id:
            raise ValidationError(
                self.env._("A step follows a step of its own version.")
            )
        if is_ancestor(nodes, self.id, self.id):
            raise ValidationError(
                self.env._(
                    "“%s” would follow itself: a journey does not run in circles.",
                    self.display_name,
                )
            )
        rivals = self._get_rivals()
        if rivals:
            raise ValidationError(
                self.env._(
                    "“%(step)s” would have the same place as “%(other)s”: only one "
                    "step can follow.",
                    step=self.display_name,
                    other=rivals[0].display_name,
                )
            )

    def _check_edges(self):
        """Refuse an edge that the parent, or this step for its followers, lacks."""
        edges = self._get_kind_edges()
        for step in self | self.child_ids:
            parent = step.parent_id
            if not parent or step.edge in edges[parent.kind]:
                continue
            if not edges[parent.kind]:
                raise ValidationError(
                    self.env._(
                        "“%(step)s” cannot follow “%(parent)s”, because the journey "
                        "ends there.",
                        step=step.display_name,
                        parent=parent.display_name,
                    )
                )
            labels = dict(self._fields["edge"]._description_selection(self.env))
            raise ValidationError(
                self.env._(
                    "“%(step)s” cannot follow “%(parent)s” by “%(edge)s”. Choose one "
                    "of: %(edges)s.",
                    step=step.display_name,
                    parent=parent.display_name,
                    edge=labels.get(step.edge, step.edge),
                    edges=", ".join(labels[edge] for edge in edges[parent.kind]),
                )
            )
