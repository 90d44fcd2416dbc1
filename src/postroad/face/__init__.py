"""What people see: the command line and the reports (layer 6). Only here: typer, rich, jinja2."""
