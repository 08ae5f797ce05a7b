from . import crm_lead
from . import discuss_channel
from . import marketing_touchpoint
