package dev.quoll.bindings.terminal;

/** The size of a terminal window in characters. */
public record WindowSize(int rows, int columns) {}
