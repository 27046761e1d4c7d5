/** What the benchmarks of whole guests share: the contestants, the circumstances they ran in, and tables. */
package dev.quoll.benchmarks.contest;
