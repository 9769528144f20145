from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fnnctl.config.messages.document_errors import first_problem


class Inner(BaseModel):
    units: int


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    whole: int = Field(0, gt=-1)
    share: float = Field(0.0, le=1.0, allow_inf_nan=False)
    text: str = ""
    flag: bool = False
    kind: Literal["a", "b"] = "a"
    inner: list[Inner] = Field(default=[], max_length=1)
    pair: tuple[int, int] = (0, 0)
    table: dict[str, int] = {}
    checked: int = 0

    @field_validator("checked")
    @classmethod
    def _not_seven(cls, value: int) -> int:
        if value == 7:
            raise ValueError("must not be 7")
        return value


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"whole": 1.5}, "whole: must be a whole number"),
        ({"whole": -1}, "whole: must be above -1"),
        ({"share": 2.0}, "share: must be at most 1.0"),
        ({"share": float("nan")}, "share: must be a finite number"),
        ({"share": "x"}, "share: must be a number"),
        ({"text": 1}, "text: must be a text"),
        ({"flag": 1}, "flag: must be true or false"),
        ({"kind": "c"}, "kind: must be 'a' or 'b'"),
        ({"inner": {}}, "inner: must be a list"),
        ({"inner": [{}]}, "inner.0.units: is missing"),
        ({"inner": [7]}, "inner.0: must be an object"),
        ({"inner": [{"units": 1}] * 2}, "inner: has too many entries"),
        ({"pair": 1}, "pair: must be a list"),
        ({"table": 1}, "table: must be an object"),
        ({"more": 1}, "more: is unknown to this version of fnnctl"),
        ({"checked": 7}, "checked: must not be 7"),
    ],
)
def test_what_pydantic_refuses_is_said_in_other_words(facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Model.model_validate(facts)
    assert first_problem(caught.value) == sentence
