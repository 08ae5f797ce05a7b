from . import marketing_person
from . import marketing_touchpoint
from . import survey_survey
from . import survey_user_input
