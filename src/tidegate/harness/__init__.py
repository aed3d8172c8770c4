"""What Tidegate is tried against: the provider emulator and the load it is put under."""
