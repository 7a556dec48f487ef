"""Now `ablate.project`; here only for branches that were begun before, and to be deleted once they have landed."""

from ablate.project import STATE as STATE
from ablate.project import find_project as find_project
from ablate.project import in_project as in_project
