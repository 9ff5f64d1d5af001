"""What all sections of a site file have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Keys and values, and no others; values are not repeated in errors, they may be secret."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )
