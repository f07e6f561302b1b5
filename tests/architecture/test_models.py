"""Foreign keys point down, reverse names stay inside their app, invariants live in the database."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from django_fsm import FSMField

LAYERS = ["core", "inventory", "orders", "fulfillment", "returns", "channels", "reports"]


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]


def foreign_keys() -> Iterator[tuple[type[models.Model], models.ForeignKey]]:
    for model in own_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey):
                yield model, field


def layer(model: type[models.Model]) -> int:
    label = model._meta.app_label
    return LAYERS.index(label) if label in LAYERS else -1


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model.__name__}.{field.name}"
        for model, field in foreign_keys()
        if layer(field.related_model) > layer(model)
    ]

    assert upward == []


def test_no_query_walks_up_by_a_reverse_name() -> None:
    crossing = [
        f"{model.__name__}.{field.name}"
        for model, field in foreign_keys()
        if field.related_model._meta.app_label != model._meta.app_label
        and field.related_model._meta.app_label in LAYERS
        and field.remote_field.related_name != "+"
    ]

    assert crossing == []


def test_no_model_orders_itself_in_secret() -> None:
    assert [model.__name__ for model in own_models() if model._meta.ordering] == []


def test_every_state_is_protected_and_checked_by_the_database() -> None:
    for model in own_models():
        for field in model._meta.local_fields:
            if not isinstance(field, FSMField):
                continue
            assert field.protected, f"{model.__name__}.{field.name} can be assigned"
            checks = [
                constraint
                for constraint in model._meta.constraints
                if isinstance(constraint, models.CheckConstraint)
                and field.name in str(constraint.condition)
            ]
            assert checks, f"{model.__name__}.{field.name} has no CHECK"
            states = str(checks[0].condition)
            for value, _ in field.choices:
                assert f"'{value}'" in states, f"{model.__name__}: CHECK leaves out {value}"


def test_every_machine_reaches_all_its_states() -> None:
    for model in own_models():
        for field in model._meta.local_fields:
            if not isinstance(field, FSMField) or len(field.choices) < 3:
                continue
            edges = [(t.source, t.target) for t in field.get_all_transitions(model)]
            reached = {field.get_default()}
            while more := {target for source, target in edges if source in reached} - reached:
                reached |= more
            assert reached == {value for value, _ in field.choices}, model.__name__


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model.__name__)
def test_every_key_is_a_bigint_or_a_natural_key(model: type[models.Model]) -> None:
    assert isinstance(model._meta.pk, (models.BigAutoField, models.CharField)), model
