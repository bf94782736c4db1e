"""The autograder of an assignment of Classroom 50: it leaves ./result.json, as grade.py beside it says."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import grade

sys.exit(grade.main([]))
