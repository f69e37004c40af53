"""The models of a scenario file: one module a section, every field documented where it stands.

The docstring under each field becomes its description in the JSON schema and the reference page.
"""
