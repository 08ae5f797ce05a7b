from . import test_tools_visit
from . import test_visit
from . import test_website_form
