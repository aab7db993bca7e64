"""What every row measures with: the sink, a deployment that drains, spreads of several runs, the machine's noise."""
