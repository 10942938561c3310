"""Runs the Codex CLI and yields what it prints as Python objects."""

import asyncio
import json
import os
import shutil
from typing import Any, AsyncIterator, Dict, List, Optional


class CodexError(Exception):
    """The CLI is missing, or ended with an error."""


class CodexWrapper:
    """Starts one `codex exec --json` for each prompt."""

    def __init__(self, codex_path: Optional[str] = None) -> None:
        self.codex_path = codex_path or os.environ.get("CODEX_PATH") or shutil.which("codex") or "codex"

    def is_installed(self) -> bool:
        return shutil.which(self.codex_path) is not None

    def command(
        self,
        prompt: str,
        model: Optional[str] = None,
        sandbox: Optional[str] = None,
        working_directory: Optional[str] = None,
        skip_git_repo_check: bool = False,
    ) -> List[str]:
        arguments = [self.codex_path, "exec", "--json"]
        if model:
            arguments += ["--model", model]
        if sandbox:
            arguments += ["--sandbox", sandbox]
        if working_directory:
            arguments += ["--cd", working_directory]
        if skip_git_repo_check:
            arguments.append("--skip-git-repo-check")
        return arguments + [prompt]

    async def run_streamed(self, prompt: str, **options: Any) -> AsyncIterator[Dict[str, Any]]:
        """Yields each event as the CLI prints it; raises CodexError when the CLI ends badly."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command(prompt, **options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise CodexError(f"Codex CLI could not be started: {error}") from error

        try:
            while True:
                line = await process.stdout.readline()
                if not line:
                    break
                text = line.decode("utf-8").strip()
                if not text:
                    continue
                try:
                    event = json.loads(text)
                except json.JSONDecodeError:
                    continue
                yield event

            await process.wait()
            if process.returncode != 0:
                message = (await process.stderr.read()).decode("utf-8", "replace").strip()
                raise CodexError(f"Codex CLI exited with code {process.returncode}: {message}")
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def run(self, prompt: str, **options: Any) -> Dict[str, Any]:
        """All events of a run, and the text of its last agent message."""
        events = []
        final_response = ""
        async for event in self.run_streamed(prompt, **options):
            events.append(event)
            if event.get("type") == "item.completed":
                item = event.get("item", {})
                if item.get("type") == "agent_message":
                    final_response = item.get("text", "")
        return {"events": events, "final_response": final_response}
