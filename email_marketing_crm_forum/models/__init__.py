from . import forum_post
from . import marketing_touchpoint
