# Files that the binaries carry: reset_embed(TARGET SYMBOL FILE).
reset_embed(reset_io swap_script common/io/swap.lua)
