from odoo import api, models


class MailingMailing(models.Model):
    """What the figures of a mailing are called, and what each of them means."""

    _inherit = "mailing.mailing"

    @api.model
    def _get_group_titles(self):
        return {
            "arrived": self.env._("Arrived"),
            "read": self.env._("Read"),
            "did": self.env._("Did something"),
            "time": self.env._("How long, in the browser"),
            "no": self.env._("Said no"),
            "business": self.env._("Became business"),
        }

    @api.model
    def _get_figure_wording(self):
        """`{figure: (label, definition)}`; see `FIGURES` and `REVENUES`."""
        days = self._get_conversion_days()
        return {
            "sent": (
                self.env._("Sent"),
                self.env._("A mail server took the mail."),
            ),
            "delivered": (
                self.env._("Delivered"),
                self.env._(
                    "Sent, and it did not come back so far. No sender can know whether"
                    " it is in the inbox or in the spam folder."
                ),
            ),
            "hard": (
                self.env._("Address does not exist"),
                self.env._(
                    "Came back for good (status 5.1.x and the like). These persons get"
                    " no more mail."
                ),
            ),
            "soft": (
                self.env._("Came back for now"),
                self.env._("The mailbox is full or away, or a server was broken."),
            ),
            "policy": (
                self.env._("Refused by policy"),
                self.env._(
                    "The server did not want this mail from this sender (status x.7.x)."
                    " It says nothing against the person."
                ),
            ),
            "opened": (
                self.env._("Opened by humans"),
                self.env._(
                    "A human surely or most likely opened it: loaded its pictures,"
                    " followed a link, or answered."
                ),
            ),
            "opened_unknown": (
                self.env._("Opened, nobody knows by whom"),
                self.env._(
                    "Something loaded the pictures or followed a link, and nothing"
                    " tells whether it was a human."
                ),
            ),
            "opened_machine": (
                self.env._("Opened by machines only"),
                self.env._(
                    "Mail scanners, and programs such as Apple Mail that load pictures"
                    " of mails nobody reads."
                ),
            ),
            "ignored": (
                self.env._("Ignored so far"),
                self.env._(
                    "Delivered, and no human showed that he opened it. Who reads"
                    " without pictures is among them."
                ),
            ),
            "clicked": (
                self.env._("Clicked"),
                self.env._("A human surely or most likely followed a link."),
            ),
            "clicked_other": (
                self.env._("Clicked by machines or unknown"),
                self.env._(
                    "Only programs followed links, such as scanners that look for"
                    " malware, or nobody knows who."
                ),
            ),
            "replied": (
                self.env._("Replied"),
                self.env._("Answered by mail; notes of absence are left out."),
            ),
            "viewed": (
                self.env._("Opened in the browser"),
                self.env._("Followed “View in browser” of his own mail."),
            ),
            "maybe_forwarded": (
                self.env._("Perhaps passed on"),
                self.env._(
                    "The browser page of one person was opened with several programs:"
                    " by somebody he passed it on to, or by himself on another device."
                    " Nobody can know which, nor see a mail that was forwarded without"
                    " opening that page."
                ),
            ),
            "glanced": (
                self.env._("Glanced at it"),
                self.env._(
                    "The page of the mail in the browser was visible for less than two"
                    " seconds."
                ),
            ),
            "skimmed": (
                self.env._("Skimmed it"),
                self.env._("That page was visible for two to eight seconds."),
            ),
            "read": (
                self.env._("Read it"),
                self.env._("That page was visible for eight seconds or more."),
            ),
            "time_unknown": (
                self.env._("Unknown"),
                self.env._(
                    "Delivered, and not opened in the browser. A mail runs no program,"
                    " so nobody can know how long it is read in a mailbox."
                ),
            ),
            "unsubscribed": (
                self.env._("Unsubscribed"),
                self.env._("Opted out by a link or the button of this mail."),
            ),
            "complained": (
                self.env._("Reported as spam"),
                self.env._(
                    "Pressed “Spam”, as far as the mailbox provider tells. Gmail tells"
                    " no names."
                ),
            ),
            "leads": (
                self.env._("Leads"),
                self.env._(
                    "Clicked or answered, and became a lead within %s days after that."
                    " It need not be because of the mail.",
                    days,
                ),
            ),
            "won": (
                self.env._("Won"),
                self.env._(
                    "Clicked or answered, and a lead of theirs was won within %s days"
                    " after that.",
                    days,
                ),
            ),
            "expected_revenue": (
                self.env._("Expected Revenue"),
                self.env._("What the leads of these persons are expected to bring."),
            ),
            "won_revenue": (
                self.env._("Won Revenue"),
                self.env._("What the leads that were won brought."),
            ),
        }
