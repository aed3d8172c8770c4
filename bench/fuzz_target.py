"""One target under coverage-guided fuzzing: `fuzz_target.py NAME [libFuzzer's options] CORPUS`.

It runs in an environment of its own (`.venv-fuzz`), as atheris needs; `make fuzz` starts it.
"""

import sys

import atheris

with atheris.instrument_imports(include=["tidegate", "yaml", "zipfile"]):
    from tidegate.harness.fuzz.targets import target
    from tidegate.harness.fuzz.watch import Watch


def main() -> None:
    """Read inputs until the time is over, or until one is a defect."""
    chosen = target(sys.argv[1])
    watch = Watch()

    def read(data: bytes) -> None:
        with watch.reading():
            chosen.run(data)
        if watch.touched:
            raise AssertionError(f"touched what is outside: {watch.touched}")

    atheris.Setup([sys.argv[0], *sys.argv[2:]], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
