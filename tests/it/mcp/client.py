"""The official client against `bessemer mcp`: tools, a context, a fan-out with progress, a cancelled run, a reset."""

import sys

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()

        async def tool(tool_name, /, progress_callback=None, **arguments):
            result = await session.call_tool(tool_name, arguments, progress_callback=progress_callback)
            return result.content[0].text

        names = {tool.name for tool in (await session.list_tools()).tools}
        assert {"execute_scheme", "load_context", "get_status", "cancel_call", "reset", "plan_strategy"} <= names, names

        loaded = await tool("load_context", name="report", text="The pump failed. Ada mended it. " * 50)
        assert "1600 characters" in loaded, loaded

        seen = []

        async def progress(done, total, message):
            seen.append((done, total, message))

        code = """
            (define answers
              (map-async (lambda (n) (sleep (* n 0.1))
                           (llm-query-async #:instruction "Who mended it?" #:data context))
                         (range 0 10) #:label "questions"))
            (finish (length (filter (lambda (a) (string-contains? a "Ada")) answers)))"""
        ran = await tool("execute_scheme", progress, code=code)
        assert ran.startswith("10\n") and "10 calls" in ran, ran
        assert any(total == 10 and "questions" in message for _, total, message in seen), seen

        # A run that is stopped by another request.
        async with anyio.create_task_group() as group:
            stopped = []

            async def long_run():
                stopped.append(await tool("execute_scheme", code="(sleep 1000)"))

            group.start_soon(long_run)
            while "runs for" not in await tool("get_status"):
                pass
            await tool("cancel_call")
        assert "interrupted" in stopped[0], stopped

        # A request that its client gives up.
        await tool("execute_scheme", code="(define kept 5)")
        with anyio.move_on_after(0.5):
            await tool("execute_scheme", code="(sleep 1000)")
        assert (await tool("execute_scheme", code="(list kept (length answers))")).startswith("[5,10]")

        await tool("reset")
        assert "`kept` is not defined" in await tool("execute_scheme", code="kept")
        assert (await tool("execute_scheme", code="(string-length context)")).startswith("1600\n")
    print("all done")


anyio.run(main)
