from . import crm_lead
from . import marketing_acquisition_source
from . import marketing_person
from . import marketing_touchpoint
from . import website
from . import website_track
from . import website_visitor
