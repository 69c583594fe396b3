"""The words of bee: values, labels, markers, plans, records. Standard library only, no I/O."""
