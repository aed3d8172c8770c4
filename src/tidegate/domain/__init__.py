"""The pure core: values in, values out; time and seeds are arguments."""
