"""Jinja2 as every page of HTML uses it."""

from typing import Any

import jinja2


def html_environment(*folders: str, **options: Any) -> jinja2.Environment:
    """Return Jinja2 with every value escaped: names, answers and file names are text that anyone may have written.

    Args:
        folders: of the templates, within `gradcam_lab.templates`, the first that has one counts; "" for that itself.
        options: more of `jinja2.Environment`.
    """
    loader = jinja2.ChoiceLoader([jinja2.PackageLoader("gradcam_lab.templates", folder) for folder in folders])
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, **options)
