"""The Codex CLI behind FastAPI: the system that CodexOrleans is measured against.

/usr/bin/python3 bench/seed/app.py --port 8001 --loop uvloop
"""

import argparse
import json
from typing import Any, AsyncIterator, Dict, Optional

import uvicorn
from codex_wrapper import CodexError, CodexWrapper
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel

PAGE = "<!doctype html><title>Codex</title><h1>Codex</h1><p>POST /api/codex/stream or /api/codex/run"

app = FastAPI(title="Codex")
codex = CodexWrapper()


class CodexRequest(BaseModel):
    prompt: str
    model: Optional[str] = None
    sandbox: Optional[str] = "workspace-write"
    working_directory: Optional[str] = None
    skip_git_repo_check: bool = False


async def frames(request: CodexRequest) -> AsyncIterator[str]:
    try:
        async for event in codex.run_streamed(**request.dict()):
            yield f"data: {json.dumps(event)}\n\n"
    except Exception as error:
        yield f"data: {json.dumps({'type': 'error', 'message': str(error)})}\n\n"


@app.get("/", response_class=HTMLResponse)
async def index() -> str:
    return PAGE


@app.get("/health")
async def health() -> Dict[str, Any]:
    return {"status": "ok", "codex_path": codex.codex_path, "codex_installed": codex.is_installed()}


@app.post("/api/codex/stream")
async def stream(request: CodexRequest) -> StreamingResponse:
    return StreamingResponse(
        frames(request),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


@app.post("/api/codex/run")
async def run(request: CodexRequest) -> Dict[str, Any]:
    try:
        return await codex.run(**request.dict())
    except CodexError as error:
        raise HTTPException(status_code=500, detail=str(error)) from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop", help="uvloop comes with httptools, asyncio with h11")
    arguments = parser.parse_args()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        loop=arguments.loop,
        http="httptools" if arguments.loop == "uvloop" else "h11",
        workers=1,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
