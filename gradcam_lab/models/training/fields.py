"""The types of the fields that a training's settings and its YAML file share, for pydantic."""

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from gradcam_lab.models.networks.architectures import ARCHITECTURES


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _known(name: str) -> str:
    if name not in ARCHITECTURES:
        near = get_close_matches(name, ARCHITECTURES, n=1)
        advice = f"; did you mean '{near[0]}'" if near else ""
        raise ValueError(f"should be one of {', '.join(ARCHITECTURES)}{advice}")
    return name


_Number = BeforeValidator(_no_bool)
Count = Annotated[int, _Number, Field(gt=0)]
Seed = Annotated[int, _Number, Field(ge=0)]
PositiveFloat = Annotated[float, _Number, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, _Number, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, _Number, Field(gt=0, lt=1)]
InputSize = Annotated[int, _Number, Field(ge=32, le=2048)]
Arch = Annotated[str, AfterValidator(_known)]


def reason(message: str) -> str:
    """Turn pydantic's message into the end of a sentence.

    Examples:
        >>> reason("Input should be greater than 0")
        'should be greater than 0'
    """
    return message.removeprefix("Input ").removeprefix("Value error, ")
