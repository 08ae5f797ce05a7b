"""The project's own environment: Odoo 19, Python, PostgreSQL, mail catcher.

``python3 -m dev <command>`` is what the Makefile calls.  Until the virtual
environment exists only the standard library is used, so that a machine with
Python 3.11, apt and make is all it takes.
"""
