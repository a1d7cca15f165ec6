"""`townhall token`: access tokens of the local issuer, for curl and tests."""

from typing import Annotated

import typer

from townhall.contracts.roles import Role
from townhall.embedded.issuer import Issuer
from townhall_local.operating.reaching import running_on
from townhall_local.options import HERE, DataDir
from townhall_local.up.data_directory import DataDirectory


def token(
    role: Annotated[Role, typer.Option(help="The role to act in.")],
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Who it is: any name. May repeat, for a line each. By default the role's name."),
    ] = None,
    data_dir: DataDir = HERE,
) -> None:
    """Print an access token for the platform that runs on a data directory; it is valid for 15 minutes.

    \b
    Examples:
      townhall token --role citizen --subject kim
      curl -H "Authorization: Bearer $(townhall token --role citizen)" localhost:8102/votes/$TASK/ballot

    Exit code 0, or 1 when nothing runs there.
    """
    url = running_on(data_dir).issuer
    issuer = Issuer(DataDirectory(data_dir).signing_key(), url)
    for name in subject or [role]:
        typer.echo(issuer.token(role, name))
