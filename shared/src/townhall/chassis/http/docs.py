"""The page that shows the API, at `/docs`: Swagger UI from a package of this installation, nothing from elsewhere."""

from importlib.resources import files
from typing import Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

PATH: Final = "/docs"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own files, and the API it shows."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
"""
# A file and no script in the page, so that the page needs no leave for inline scripts.
_START: Final = """SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});
"""
_KEPT: Final = {"cache-control": "public, max-age=86400"}
# The one use of the package: its application class would serve the files under another policy.
_FILES: Final = files("fastapi_offline") / "static"

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def page(request: Request) -> HTMLResponse:
    """Show every route, its examples and its errors, and let it be tried."""
    return HTMLResponse(_PAGE.format(title=request.app.title))


@router.get(f"{PATH}/start.js")
async def start() -> Response:
    """Return the script that starts Swagger UI with this service's OpenAPI document."""
    return Response(_START, media_type="text/javascript", headers=_KEPT)


@router.get(f"{PATH}/{{name}}")
def file(name: Literal["swagger-ui-bundle.js", "swagger-ui.css"]) -> Response:
    """Return a part of Swagger UI."""
    kind = "text/css" if name.endswith("css") else "text/javascript"
    return Response((_FILES / name).read_bytes(), media_type=kind, headers=_KEPT)
