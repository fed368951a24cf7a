"""Temporary entry (not committed)."""
import click
from millpond.agent.main import agent

@click.group()
def main() -> None: ...

@main.command("operator")
def operator() -> None:
    from millpond.handlers.main import run
    run()

main.add_command(agent)
