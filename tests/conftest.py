"""Databases for the tests that need processes of their own."""

import os
import uuid

import pytest

from dev import databases


@pytest.fixture
def addon_database():
    """A fresh database with the add-on, gone after the test."""
    yield from _copy(os.environ.get("EMC_TEMPLATE", "template_addon"))


@pytest.fixture
def stock_database():
    """A fresh database with Odoo's add-ons only, gone after the test."""
    yield from _copy(os.environ.get("EMC_TEMPLATE_STOCK", "template_stock"))


def _copy(template):
    name = f"process_{uuid.uuid4().hex[:10]}"
    databases.copy(template, name)
    try:
        yield name
    finally:
        databases.drop(name)
