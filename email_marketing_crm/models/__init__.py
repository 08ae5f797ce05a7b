from . import marketing_pending
# identity, log and workers
from . import marketing_lane
from . import marketing_person
from . import marketing_person_mixin
from . import marketing_touchpoint_type
from . import marketing_touchpoint
from . import marketing_inbox

# what we make of it
from . import marketing_lifecycle_stage
from . import marketing_lifecycle_move
from . import marketing_score_model
from . import marketing_score_group
from . import marketing_score_rule
from . import marketing_score
from . import marketing_score_line
from . import marketing_score_worker
from . import marketing_segment
from . import marketing_segment_rule
from . import marketing_segment_member
from . import marketing_delivery
from . import marketing_handoff_policy
from . import marketing_handoff_reason
from . import marketing_handoff
from . import marketing_journey
from . import marketing_journey_version
from . import marketing_journey_step
from . import marketing_journey_participant
from . import marketing_journey_log

# stock models extended
from . import base_partner_merge
from . import crm_lead
from . import crm_team
from . import link_tracker_click
from . import mail_activity
from . import mail_blacklist
from . import mail_compose_message
from . import mail_mail
from . import mail_thread
from . import mailing_contact
from . import mailing_mailing
from . import mailing_subscription
from . import mailing_trace
from . import res_config_settings
from . import res_partner
