"""`townhall token`: access tokens of the local issuer, for curl and tests."""

from typing import Annotated

import typer

from townhall.contracts.roles import Role
from townhall.embedded.issuer import Issuer
from townhall_local.operating.connections import running_platform
from townhall_local.options import DEFAULT_DATA_DIR, DataDir, parser_of
from townhall_local.output import print_line
from townhall_local.up.data_directory import DataDirectory


def token(
    role: Annotated[Role, typer.Option(parser=parser_of(Role), metavar="|".join(Role), help="The role in the token.")],
    subject: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The subject: any name. May be repeated; prints one token a line. Default: the role's name.",
        ),
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print an access token for the platform running on a data directory. It is valid for 15 minutes.

    \b
    Examples:
      townhall token --role citizen --subject kim
      curl -H "Authorization: Bearer $(townhall token --role citizen)" localhost:8102/votes/$TASK/ballot

    Exit code 0, or 1 if no platform runs there.
    """
    url = running_platform(data_dir).issuer
    issuer = Issuer(DataDirectory(data_dir).signing_key(), url)
    for name in subject or [role]:
        print_line(issuer.token(role, name))
