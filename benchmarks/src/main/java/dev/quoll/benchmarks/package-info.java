/** {@code ./quoll bench}. */
package dev.quoll.benchmarks;
