"""`evac studio`: places, plans and runs in a browser."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from evac.cli.common import Workspace, console, nearest_workspace


def studio(
    *,
    workspace: Workspace = None,
    host: Annotated[
        str,
        typer.Option(
            help="The address that is listened on. Another than this lets other machines ask, with the token."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port.", show_default="8765, else any that is free")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Look at places, plans and runs on a map in the browser, change plans and run them. Ends with Ctrl-C."""
    from evac.studio.serving import serve  # noqa: PLC0415
    from evac.studio.workspace import Workspace as Folder  # noqa: PLC0415

    def tell(url: str) -> None:
        console.print("The studio is open for whoever has this address first:")
        console.print(escape(url), highlight=False, soft_wrap=True)

    serve(Folder((workspace or nearest_workspace()).resolve()), host=host, port=port, browser=browser, tell=tell)
