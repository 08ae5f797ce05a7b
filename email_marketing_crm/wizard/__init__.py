from . import marketing_segment_add
from . import marketing_journey_add
from . import marketing_journey_remove
