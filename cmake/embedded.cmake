# Files that the binaries carry: reset_embed(TARGET SYMBOL FILE).
