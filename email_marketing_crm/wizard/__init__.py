from . import marketing_consent_change
from . import marketing_handoff_reject
from . import marketing_duplicate_merge
from . import marketing_profile_answer
from . import marketing_person_erase
from . import marketing_segment_add
from . import marketing_journey_add
from . import marketing_journey_remove
