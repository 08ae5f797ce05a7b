from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache

from odoo import api, fields, models
from odoo.tools import SQL, file_open

from ..tools.address_check import Verdict, check_domain
from ..tools.address_typo import suggest_domain
from ..tools.client_action import RELOAD, notify
from ..tools.dns_lookup import DnsLookup
from ..tools.mail_provider import ServerRecorder

STATES = [
    ("valid", "Valid"),
    ("risky", "Risky"),
    ("invalid", "Invalid"),
    ("unknown", "Unknown"),
]
REASONS = [
    ("syntax", "Not written like an address"),
    ("no_domain", "The domain does not exist"),
    ("null_mx", "The domain takes no mail"),
    ("no_server", "The domain has no mail server"),
    ("no_mx", "The domain names no mail server"),
    ("disposable", "Disposable mailbox"),
    ("role", "Function, not a person"),
    ("dns_failed", "No answer about the domain"),
    ("dns_off", "Domains are not looked up"),
    ("reserved", "Example or private network"),
    ("not_checked", "Not checked yet"),
]
#: Settings, and what holds where nobody set them.
DNS_PARAMETER = "email_marketing_crm.address_dns"
NAMESERVERS_PARAMETER = "email_marketing_crm.address_nameservers"
TIMEOUT_PARAMETER = "email_marketing_crm.address_timeout"
RECHECK_PARAMETER = "email_marketing_crm.address_recheck_days"
DEFAULT_TIMEOUT = 5
DEFAULT_RECHECK_DAYS = 90
#: Domains of one transaction, asked about at once: no longer than a few time-outs.
BATCH_DOMAINS = 40
THREADS = 10
#: Persons of one transaction.
BATCH_PERSONS = 2000
#: A question that got no answer is asked again after this, up to the usual distance.
RETRY_PERIOD = timedelta(hours=6)


class MarketingEmailDomain(models.Model):
    """What stands behind the @ of addresses, and whether it takes mail.

    One row for each domain of a person, made by the lane. It is looked up once, for
    all its persons, and again when `next_check_date` has come. `is_pending` says
    that its persons do not know the last answer yet. The kind is the
    administrator's word: a disposable or trusted domain is one whatever the domain
    name system says. Only a sure answer makes a domain invalid.
    """

    _name = "marketing.email.domain"
    _description = "Address Domain"
    _inherit = ["marketing.person.group"]
    _order = "name"
    _person_field = "email_domain_id"
    _log_access = False

    name = fields.Char("Domain", required=True)
    kind = fields.Selection(
        [
            ("normal", "Usual"),
            ("disposable", "Disposable"),
            ("trusted", "Trusted"),
        ],
        required=True,
        default="normal",
        help="Disposable: mailboxes that anybody opens for some minutes. Trusted: "
        "never looked up, always valid.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="unknown")
    reason = fields.Selection(REASONS, readonly=True, default="not_checked")
    checked_date = fields.Datetime("Last Checked", readonly=True)
    next_check_date = fields.Datetime("Next Check", readonly=True)
    suggested_domain = fields.Char(
        "Perhaps Meant",
        readonly=True,
        help="A common domain that is written nearly alike.",
    )
    is_pending = fields.Boolean(readonly=True, default=True)
    person_ids = fields.One2many("marketing.person", "email_domain_id")

    _name_unique = models.Constraint("UNIQUE(name)", "This domain is in the list.")
    # The lane: what is to be looked up, and whose persons wait for the answer.
    _due = models.Index("(next_check_date) WHERE next_check_date IS NOT NULL")
    _pending = models.Index("(id) WHERE is_pending")
    # Persons whose address is probably mistyped.
    _suggested = models.Index("(id) WHERE suggested_domain IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = (vals.get("name") or "").strip().lower().lstrip("@")
            vals["suggested_domain"] = suggest_domain(vals["name"])
            vals.setdefault("next_check_date", fields.Datetime.now())
        return super().create(vals_list)

    def write(self, vals):
        if "kind" in vals:
            vals = {
                **vals,
                "next_check_date": fields.Datetime.now(),
                "is_pending": True,
            }
        return super().write(vals)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_check_now(self):
        """Look these domains up again as soon as a worker is free."""
        self.check_access("read")
        self.sudo().next_check_date = fields.Datetime.now()
        self.env["marketing.lane"]._wake("address")
        return notify(self.env._("Will be checked within a minute."), next=RELOAD)

    @api.model
    def _check_unasked(self):
        """Look up what was not while domains were not looked up at all."""
        self.search([("reason", "=", "dns_off")]).write(
            {"next_check_date": fields.Datetime.now()}
        )

    # ------------------------------------------------------------------
    # LISTS
    # ------------------------------------------------------------------

    @api.model
    def _get_disposable_domains(self):
        """Domains of the list that comes with the add-on, as a frozenset."""
        return _read_list("disposable_domains.txt")

    @api.model
    def _get_role_names(self):
        """Names before the @ that stand for a function, as a frozenset."""
        return _read_list("role_addresses.txt")

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, number, count):
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """
                SELECT (SELECT count(*) FROM marketing_person
                         WHERE email_domain_id IS NULL AND merged_into_id IS NULL
                           AND is_erased IS NOT TRUE AND id %% %(count)s = %(number)s)
                     + (SELECT count(*) FROM marketing_email_domain
                         WHERE (next_check_date <= %(now)s OR is_pending)
                           AND id %% %(count)s = %(number)s),
                       (SELECT min(next_check_date) FROM marketing_email_domain
                         WHERE next_check_date <= %(now)s
                           AND id %% %(count)s = %(number)s)
                """,
                now=fields.Datetime.now(),
                count=count,
                number=number,
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        """New persons get their domain, domains their answer, persons that answer."""
        self.env.flush_all()
        processed = self.env["marketing.person"]._assign_domains(number, count)
        processed += self._look_up_due(number, count)
        processed += self._tell_persons(number, count)
        return processed, self._get_lane_backlog(number, count)[0] if processed else 0

    @api.model
    def _look_up_due(self, number, count):
        """Look up domains that are due; returns how many there were."""
        domains = self.env.execute_query(
            SQL(
                """
                SELECT id, name, kind, state
                  FROM marketing_email_domain
                 WHERE next_check_date <= %s AND id %% %s = %s
                 ORDER BY next_check_date, id
                 LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                fields.Datetime.now(),
                count,
                number,
                BATCH_DOMAINS,
            )
        )
        if domains:
            self._write_verdicts(domains, self._ask(domains))
        return len(domains)

    @api.model
    def _ask(self, domains):
        """`[Verdict]` of domains, in their order; asked about side by side."""
        lookup = self._get_lookup()
        recorder = ServerRecorder(lookup)

        def ask(domain):
            _id, name, kind, _state = domain
            if kind == "trusted":
                return Verdict("valid")
            if lookup is None:
                return Verdict("unknown", "dns_off")
            return check_domain(name, recorder)

        if lookup is None:
            return [ask(domain) for domain in domains]
        # The threads touch nothing but the network.
        with ThreadPoolExecutor(THREADS) as pool:
            verdicts = list(pool.map(ask, domains))
        self._note_servers(recorder.servers)
        return verdicts

    @api.model
    def _get_lookup(self):
        """The `Lookup` to ask, or None when domains are not looked up."""
        get = self.env["ir.config_parameter"].sudo().get_param
        if get(DNS_PARAMETER, "True") != "True":
            return None
        servers = get(NAMESERVERS_PARAMETER, "").replace(",", " ").split()
        return DnsLookup(servers, float(get(TIMEOUT_PARAMETER) or DEFAULT_TIMEOUT))

    @api.model
    def _write_verdicts(self, domains, verdicts):
        """Keep what was answered.

        No answer leaves what was known before and is asked for again soon; a domain
        that never answered stays unknown.
        """
        now = fields.Datetime.now()
        get = self.env["ir.config_parameter"].sudo().get_param
        days = int(get(RECHECK_PARAMETER) or DEFAULT_RECHECK_DAYS)
        rows = []
        for (domain_id, _name, _kind, state), verdict in zip(
            domains, verdicts, strict=True
        ):
            failed = verdict.reason == "dns_failed"
            due = now + (RETRY_PERIOD if failed else timedelta(days=days))
            if verdict.state == "unknown" and state != "unknown":
                verdict = Verdict(None)
            rows.append((domain_id, *verdict, due))
        ids, states, reasons, dates = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_email_domain domain
                   SET state = COALESCE(answer.state, domain.state),
                       reason = CASE WHEN answer.state IS NULL THEN domain.reason
                                     ELSE answer.reason END,
                       checked_date = CASE WHEN answer.state IS NULL
                                           THEN domain.checked_date ELSE %s END,
                       next_check_date = answer.due,
                       is_pending = answer.state IS NOT NULL
                                    OR (domain.is_pending
                                        AND domain.checked_date IS NOT NULL)
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::timestamp[])
                           answer (id, state, reason, due)
                 WHERE domain.id = answer.id
                """,
                now,
                list(ids),
                list(states),
                list(reasons),
                list(dates),
            )
        )
        self.invalidate_model()

    @api.model
    def _tell_persons(self, number, count):
        """Give persons the state of their domain; returns how many got it.

        A domain of everybody's mailboxes has a third of all persons: its persons
        are told some at a time, and it stays pending until all know.
        """
        domains = self.env.execute_query(
            SQL(
                """
                SELECT id FROM marketing_email_domain
                 WHERE is_pending AND checked_date IS NOT NULL AND id %% %s = %s
                 ORDER BY id LIMIT %s
                """,
                count,
                number,
                BATCH_DOMAINS,
            )
        )
        told = 0
        done = []
        for (domain_id,) in domains:
            changed = self.env["marketing.person"]._take_domain_state(
                domain_id, BATCH_PERSONS - told
            )
            told += changed
            if told >= BATCH_PERSONS:
                break
            done.append(domain_id)
        if done:
            self.env.cr.execute(
                "UPDATE marketing_email_domain SET is_pending = FALSE"
                " WHERE id = ANY(%s)",
                [done],
            )
            self.invalidate_model(["is_pending"])
        return told + len(done)


@cache
def _read_list(name):
    with file_open(f"email_marketing_crm/data/{name}") as file:
        lines = (line.split("#")[0].strip().lower() for line in file)
        return frozenset(line for line in lines if line)
