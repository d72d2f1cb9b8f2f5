"""Models from Python, by the names that those who write such code know: `llm_query`, `rlm_query` and their like.

They stand among the builtins, so that a script may take the names for itself. Not here: the calls (models.rs), which go
where Scheme's own go, under the same budgets.
"""

import builtins
import json

import __main__


class Finished(BaseException):
    """What `FINAL` leaves by; no handler of the script's has a say in it."""


def start(ask, finish, finish_variable):
    """Makes the functions; these three are Rust's."""

    def one(prompt, model, recursive):
        [(failed, text)] = ask([as_text(prompt)], model, recursive, None)
        if failed is not None:
            raise RuntimeError(f"{failed}: {text}")
        return text

    def many(prompts, model, recursive, window):
        answers = ask([as_text(prompt) for prompt in prompts], model, recursive, window)
        return [text if failed is None else f"Error: {text}" for failed, text in answers]

    def llm_query(prompt, model=None):
        """Asks a model, and waits for its answer."""
        return one(prompt, model, False)

    def rlm_query(prompt, model=None):
        """Has a session of its own explore the prompt; where loops may not nest any deeper, it is `llm_query`."""
        return one(prompt, model, True)

    def llm_query_batched(prompts, model=None):
        """Asks every prompt, side by side; answers in order, one that failed as a text that begins with `Error: `."""
        return many(prompts, model, False, None)

    def rlm_query_batched(prompts, model=None):
        """`rlm_query` of every prompt, side by side."""
        return many(prompts, model, True, None)

    def llm_batch(prompts, max_concurrent=10):
        """`llm_query_batched`, so many at a time."""
        return many(prompts, None, False, max_concurrent)

    def parallel_query(prompt_template, context_chunks, max_concurrent=10):
        """Asks the question of every chunk, which stands in the place of `{chunk}`."""
        if "{chunk}" not in prompt_template:
            raise ValueError("the template has no `{chunk}`, so every prompt would be the same")
        chunks = map(as_text, context_chunks)
        return many([prompt_template.replace("{chunk}", chunk) for chunk in chunks], None, False, max_concurrent)

    def SHOW_VARS():
        """What has been defined: names and types."""
        return str({name: type(value).__name__ for name, value in vars(__main__).items() if not name.startswith("_")})

    def FINAL(value):
        """Ends the program with this value."""
        finish(shown(value))
        raise Finished()

    def FINAL_VAR(name):
        """Ends the program with the value of a variable, which is named."""
        if not isinstance(name, str):
            FINAL(name)
        name = name.strip().strip("\"'")
        if name in vars(__main__):
            FINAL(vars(__main__)[name])
        finish_variable(name)
        raise Finished()

    def SUBMIT(*values, **fields):
        """`FINAL`: of one value, or of named ones together."""
        FINAL(values[0] if len(values) == 1 and not fields else fields or list(values))

    functions = [llm_query, rlm_query, llm_query_batched, rlm_query_batched, llm_batch, parallel_query]
    for function in [*functions, SHOW_VARS, FINAL, FINAL_VAR, SUBMIT]:
        setattr(builtins, function.__name__, function)


def turn(evaluate, code):
    """Runs a block, and prints the value of its last expression as Python's prompt does."""
    answer = vars(__main__).setdefault("answer", {"content": "", "ready": False})
    value = evaluate(code)
    if value is not None and value is not answer:
        print(shortened(value))
    answer = vars(__main__).get("answer")
    if isinstance(answer, dict) and answer.get("ready") is True:
        builtins.FINAL(answer.get("content", ""))


def shortened(value, most=20_000):
    """A value as a prompt shows it; of a long text, the beginning."""
    if isinstance(value, (str, bytes)) and len(value) > most:
        return f"{value[:most]!r} … of {len(value)}"
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]} …"


def as_text(value):
    return value if isinstance(value, str) else shown(value)


def shown(value):
    """An answer as text: structures as JSON, the rest as `print` has it."""
    if isinstance(value, (dict, list, tuple)):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            pass
    return str(value)
