from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class MarketingDelivery(models.Model):
    """Whom the gates are asked about: the relation `candidate`.

    Columns: id of the delivery where there is one, person_id, res_id, email, visit, and
    rank among the persons who share the address. `_get_owned` adds `owner_id`, the
    person who reads mail at the address: gates are asked about what it returns.
    """

    _inherit = "marketing.delivery"

    @api.model
    def _get_records(self, model):
        """SELECT of all records of a model: res_id, person_id, email, active.

        `email` is the address a mailing to the record uses: the customer's where the
        model has one, the record's own otherwise, as `_message_get_default_recipients`.
        """
        records = self.env[model]
        own = (
            SQL("record.email_normalized")
            if "email_normalized" in records._fields
            else SQL("person.email_normalized")
        )
        customer = records._fields.get("partner_id")
        has_customer = (
            customer is not None
            and customer.store
            and customer.comodel_name == "res.partner"
            and not records._mail_defaults_to_email
        )
        return SQL(
            """
            SELECT record.id AS res_id, record.marketing_person_id AS person_id,
                   NULLIF(%(email)s, '') AS email, %(active)s AS active
              FROM %(table)s record
              %(joins)s
            """,
            email=SQL("COALESCE(NULLIF(customer.email_normalized, ''), %s)", own)
            if has_customer
            else own,
            active=SQL("COALESCE(record.active, TRUE)")
            if "active" in records._fields and records._fields["active"].store
            else SQL("TRUE"),
            table=SQL.identifier(records._table),
            joins=SQL(
                "LEFT JOIN marketing_person person"
                " ON person.id = record.marketing_person_id %s",
                SQL("LEFT JOIN res_partner customer ON customer.id = record.partner_id")
                if has_customer
                else SQL(),
            ),
        )

    @api.model
    def _get_audience(self, mailing):
        """SELECT of the records a campaign is meant for.

        `res_id`, `person_id`, `email`, and whether the record `is_member`: the one
        that stands for its person in a segment. Read without the user's record rules,
        as Odoo's queue does, but of his companies only.
        """
        model = mailing.mailing_model_real
        domain = self._get_audience_domain(mailing)
        segments = mailing.marketing_segment_ids.filtered(
            lambda segment: segment.res_model == model
        )
        # A second mail is about the records that the first one was about.
        first = mailing.marketing_resend_of_id
        return SQL(
            """
            SELECT record.res_id, record.person_id, record.email,
                   %s AS is_member
              FROM (%s) record
             WHERE record.res_id IN %s
            """,
            self._is_chosen_record(segments, first),
            self._get_records(model),
            self.env[model].sudo()._search(domain).subselect(),
        )

    @api.model
    def _get_audience_domain(self, mailing):
        """The recipients of a mailing, for whom its model's rules are not asked.

        Companies are: those that the user works for, and records of none.
        """
        domain = Domain(mailing._get_recipients_domain())
        company = self.env[mailing.mailing_model_real]._fields.get("company_id")
        if company and company.store:
            domain &= Domain("company_id", "in", [False, *self.env.companies.ids])
        return domain

    @api.model
    def _is_chosen_record(self, segments, first):
        """SQL: `record` is the one by which its person is a member, or got a mail.

        Asked by EXISTS: a list of a million pairs that does not fit into the memory of
        a query would be read for each of them.

        :param segments: whose members are meant
        :param first: the mailing that a second mail follows
        """
        places = [("marketing_segment_member", "segment_id", segments.ids)]
        if first:
            places.append(("marketing_delivery", "mailing_id", first.ids))
        return SQL(" OR ").join(
            SQL(
                "EXISTS (SELECT FROM %(table)s place WHERE %(column)s = ANY(%(ids)s)"
                " AND place.person_id = record.person_id"
                " AND place.res_id = record.res_id)",
                table=SQL.identifier(table),
                column=SQL.identifier("place", column),
                ids=ids,
            )
            for table, column, ids in places
        )

    @api.model
    def _get_audience_candidates(self, audience, model=None, part=None):
        """One candidate per person of an audience.

        The record that is a member of a segment stands for him, else his oldest one.

        :param model: of the records. Only where mails go to a customer can two persons
            share an address; elsewhere a million addresses need not be sorted.
        :param part: of the persons, those of one address together
        """
        rank = (
            SQL("dense_rank() OVER (PARTITION BY email ORDER BY person_id)")
            if self._has_shared_addresses(model)
            else SQL("1::bigint")
        )
        return SQL(
            """
            SELECT NULL::int AS id, person_id, res_id, email, 0 AS visit,
                   %(rank)s AS rank
              FROM (SELECT DISTINCT ON (person_id) person_id, res_id, email
                      FROM (%(audience)s) record
                     WHERE person_id IS NOT NULL
                     ORDER BY person_id, email IS NULL,
                              is_member IS TRUE DESC, res_id) one
             WHERE %(part)s
            """,
            rank=rank,
            audience=audience,
            part=self._get_audience_part(model, part, "one"),
        )

    @api.model
    def _get_owned(self, candidates):
        """SELECT of candidates with the person who has their address, if anybody.

        An alias leads to the person it was merged into. For nearly everybody it is the
        person of the record himself: then nobody has to be found by his address.
        """
        return SQL(
            """
            SELECT candidate.*,
                   CASE WHEN mine.email_normalized = candidate.email
                        THEN COALESCE(mine.merged_into_id, mine.id)
                        ELSE (SELECT COALESCE(address.merged_into_id, address.id)
                                FROM marketing_person address
                               WHERE address.email_normalized = candidate.email)
                        END AS owner_id
              FROM (%s) candidate
              LEFT JOIN marketing_person mine ON mine.id = candidate.person_id
            OFFSET 0 -- else the owner is found anew for each gate
            """,
            candidates,
        )

    @api.model
    def _has_shared_addresses(self, model):
        """Whether records of a model are mailed at an address that is not their own."""
        return model is None or "partner_id" in self.env[model]._fields

    @api.model
    def _get_audience_part(self, model, part, alias):
        """SQL: the records of one part of an audience; a person is in one part only."""
        key = (
            SQL(
                "abs(hashtext(COALESCE(%s, ''))::bigint)",
                SQL.identifier(alias, "email"),
            )
            if self._has_shared_addresses(model)
            else SQL("COALESCE(%s, 0)", SQL.identifier(alias, "person_id"))
        )
        return self.env["marketing.job"]._get_part(part, key)

    @api.model
    def _get_given_candidates(self, mailing, rows):
        """Candidates of a journey: persons, their records and their visits."""
        person_ids, res_ids, visits = zip(*rows, strict=True)
        model = mailing.mailing_model_real
        return SQL(
            """
            SELECT NULL::int AS id, given.person_id, record.res_id, record.email,
                   given.visit, dense_rank() OVER (
                       PARTITION BY record.email ORDER BY given.person_id) AS rank
              FROM (SELECT person.id AS person_id, rows.visit,
                           COALESCE(rows.res_id, %s) AS res_id
                      FROM unnest(%s::int[], %s::int[], %s::int[])
                               rows (person_id, res_id, visit)
                      JOIN marketing_person person ON person.id = rows.person_id) given
              LEFT JOIN (%s) record ON record.res_id = given.res_id
            """,
            self._get_record_of(model, SQL("rows.person_id")),
            list(person_ids),
            [res_id or None for res_id in res_ids],
            list(visits),
            self._get_records(model),
        )

    @api.model
    def _get_record_of(self, model, person):
        """SELECT of the record of a model that stands for a person."""
        records = self.env[model]
        return SQL(
            "(SELECT mine.id FROM %s mine WHERE mine.marketing_person_id = %s%s"
            " ORDER BY mine.id LIMIT 1)",
            SQL.identifier(records._table),
            person,
            SQL(" AND mine.active")
            if "active" in records._fields and records._fields["active"].store
            else SQL(),
        )

    @api.model
    def _get_planned_candidates(self, ids):
        """Deliveries of one mailing that are looked at again."""
        return SQL(
            "SELECT id, person_id, res_id, email, visit, 1 AS rank"
            " FROM marketing_delivery WHERE id = ANY(%s)",
            list(ids),
        )
