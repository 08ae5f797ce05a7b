from . import marketing_mail_calendar
from . import marketing_mail_volume
from . import marketing_mailing_report
