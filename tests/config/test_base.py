import inspect
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from gladia_nb.config import SessionConfig
from gladia_nb.config.base import Part, Settings, title
from gladia_nb.errors import ConfigError


class Oven(Settings):
    """Settings of an oven.

    Attributes:
        {fields}
    """

    heat_c: Annotated[float, Field(ge=50, le=250, title="Heat, degrees")] = 180
    """How hot."""
    fan_on: bool = False


def test_the_schema_carries_what_stands_at_the_field():
    heat = Oven.model_json_schema()["properties"]["heat_c"]
    assert heat == {
        "default": 180,
        "description": "How hot.",
        "maximum": 250,
        "minimum": 50,
        "title": "Heat, degrees",
        "type": "number",
    }
    assert Oven.model_json_schema()["properties"]["fan_on"]["title"] == "Fan on"


def test_what_is_wrong_is_said_in_words():
    with pytest.raises(ConfigError) as caught:
        Oven(heat_c="hot", light=True)
    assert str(caught.value) == (
        "heat_c must be between 50 and 250 (got 'hot'); "
        "light is not a field; known are heat_c, fan_on"
    )
    assert [found.message for found in Oven.problems_in({"heat_c": 20})] == [
        "heat_c must be between 50 and 250 (got 20)"
    ]
    assert Oven.problems_in({"fan_on": True}) == []


@pytest.mark.parametrize("value", ["180", True, None])
def test_another_type_is_a_mistake(value):
    assert len(Oven.problems_in({"heat_c": value})) == 1


def test_every_part_of_a_configuration_is_one():
    def models(model: type[BaseModel]) -> set[type[BaseModel]]:
        found = {model}
        for info in model.model_fields.values():
            for inner in (info.annotation, *getattr(info.annotation, "__args__", ())):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    found |= models(inner)
        return found

    assert len(models(SessionConfig)) == 11
    assert all(issubclass(model, Part) for model in models(SessionConfig))


def test_the_docstring_lists_the_fields():
    assert inspect.getdoc(Oven).splitlines()[-2:] == ["Attributes:", "    heat_c: how hot."]
    text = " ".join(inspect.getdoc(SessionConfig).split())
    for name, info in SessionConfig.model_fields.items():
        said = " ".join(info.description.split())
        assert f"{name}: {said[:1].lower()}{said[1:]}" in text
    assert "{fields}" not in text


def test_names_for_people():
    assert title("receive_errors") == "Errors"
    assert title("bit_depth") == "Bit depth"
