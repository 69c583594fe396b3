"""One module per command: `add_arguments(parser)` and `run(args, env) -> exit code`. `bee.cli.table` has the texts."""
