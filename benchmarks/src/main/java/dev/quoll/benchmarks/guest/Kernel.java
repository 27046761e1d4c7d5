package dev.quoll.benchmarks.guest;

/**
 * One kernel of the guest program.
 *
 * @param name unique
 * @param group what it is about, in a word; kernels of a group follow each other
 */
record Kernel(String name, String group) {}
