# ruff: isort: skip_file
# The names stand in the order in which one reads of them: it is that of the page about them.
from gradcam_lab.api.load import load as load
from gradcam_lab.api.locate import locate as locate
from gradcam_lab.api.locate import Found as Found
from gradcam_lab.api.explain import explain as explain
from gradcam_lab.api.explain import Explained as Explained
from gradcam_lab.api.evaluate import evaluate as evaluate
from gradcam_lab.api.open_data import open_data as open_data
from gradcam_lab.api.run_all import run_all as run_all
from gradcam_lab.models.classifier import Classifier as Classifier
from gradcam_lab.errors import LabError as LabError

__version__: str
