/**
 * JMH benchmarks of single costs. Each {@code @State} class owns the one thing that it measures; the engine is reached
 * through the contracts in {@code dev.quoll.machine} only.
 */
package dev.quoll.benchmarks.cost;
